//! Cursors: places in the change log as clients keep them. They are signed, because whoever could make one could ask how much others
//! write; and they hold the tenant, so that one of another tenant is as good as none. They tell through whose eyes was seen what came
//! before, since whoever sees other things now has missed what no change tells.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use resolvers::live::{JobState, Topic};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use sources::{SourceError, postgres::ChangePosition};
use uuid::Uuid;

use crate::response_cache::Eyes;

/// Bytes of a signature that are kept: enough that nobody guesses one.
const SIGNATURE_BYTES: usize = 16;
/// Longest cursor that is looked at, in characters.
const CHARS_MAX: usize = 4096;

/// So many bytes of eyes tell them from others: a mistake costs one look at everything, or none.
const EYES_BYTES: usize = 8;

const OF_CHANGE: u8 = b'c';
const OF_SNAPSHOT: u8 = b's';
const OF_JOB: u8 = b'j';

/// Where a subscription stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Right after this change.
    Change(ChangePosition),
    /// In a snapshot that began at this place, right after this object.
    Snapshot {
        /// What follows the snapshot.
        position: ChangePosition,
        /// The reference that was sent last.
        last: String,
    },
    /// Right after this state of a job.
    Job(JobState),
}

impl Place {
    /// Whether subscriptions of this kind have such places.
    pub fn is_of(&self, topic: &Topic) -> bool {
        match self {
            Self::Change(_) => true,
            Self::Snapshot { .. } => matches!(topic, Topic::Entities(_)),
            Self::Job(_) => matches!(topic, Topic::Job(_)),
        }
    }
}

/// Writes and reads cursors.
pub struct Cursors {
    /// Which log: that of another database is another one.
    epoch: Uuid,
    /// Keyed, and nothing signed yet.
    keyed: Hmac<Sha256>,
}

impl Cursors {
    /// Cursors of the log `epoch`, signed with its key.
    pub fn new(epoch: Uuid, key: &SecretSlice<u8>) -> Result<Self, SourceError> {
        let keyed = Hmac::new_from_slice(key.expose_secret());
        let keyed = keyed.map_err(|error| SourceError::Invalid(format!("the key of cursors: {error}")))?;
        Ok(Self { epoch, keyed })
    }

    /// The cursor of a place, for whoever sees with these eyes in a tenant.
    pub fn write(&self, (tenant, eyes): (&str, &Eyes), place: &Place) -> String {
        let mut bytes = Vec::with_capacity(128);
        bytes.push(match place {
            Place::Change(_) => OF_CHANGE,
            Place::Snapshot { .. } => OF_SNAPSHOT,
            Place::Job(_) => OF_JOB,
        });
        bytes.extend(eyes.bytes().iter().take(EYES_BYTES));
        match place {
            Place::Change(position) => bytes.extend_from_slice(position.to_string().as_bytes()),
            Place::Snapshot { position, last } => bytes.extend_from_slice(format!("{position}\n{last}").as_bytes()),
            Place::Job(state) => bytes.extend_from_slice(state),
        }
        let signature = self.signed(tenant, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(signature.get(..SIGNATURE_BYTES).unwrap_or(&signature));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place of a cursor, and whether what came before was seen with these eyes; none when it is not one of ours for this tenant.
    pub fn read(&self, (tenant, eyes): (&str, &Eyes), cursor: &str) -> Option<(Place, bool)> {
        if cursor.len() > CHARS_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (told, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_BYTES)?)?;
        self.signed(tenant, told).verify_truncated_left(signature).ok()?;
        let (kind, rest) = told.split_first()?;
        let (seen_with, rest) = rest.split_at_checked(EYES_BYTES)?;
        let place = match *kind {
            OF_JOB => Place::Job(rest.try_into().ok()?),
            OF_CHANGE => Place::Change(std::str::from_utf8(rest).ok()?.parse().ok()?),
            OF_SNAPSHOT => {
                let (position, last) = std::str::from_utf8(rest).ok()?.split_once('\n')?;
                Place::Snapshot { position: position.parse().ok()?, last: last.to_owned() }
            }
            _ => return None,
        };
        Some((place, eyes.bytes().starts_with(seen_with)))
    }

    fn signed(&self, tenant: &str, told: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        mac.update(self.epoch.as_bytes());
        mac.update(&u64::try_from(tenant.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(tenant.as_bytes());
        mac.update(told);
        mac
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eyes(user: &str) -> Eyes {
        Eyes::of(&schema::Visibility {
            tenant: "a".to_owned(),
            subject: user.to_owned(),
            user: Some(schema::EntityRef::of("user", "default", user)),
            teams: Vec::new(),
            scopes: std::collections::BTreeSet::new(),
        })
    }

    fn cursors(key: &str) -> Cursors {
        Cursors::new(Uuid::nil(), &SecretSlice::from(key.as_bytes().to_vec())).unwrap()
    }

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_its_place_and_nothing_else_does(
            end in 1_u64.., ran in 0_u64..20, row: u64, position: i64, last in "[a-z:/]{0,40}", state: JobState, flipped in 0_usize..60, bit in 0_u8..8,
        ) {
            let (eyes, others) = (eyes("one"), eyes("two"));
            let before = end - ran.min(end - 1);
            let whole = format!("{before}:{end}:{before}");
            let within = format!("{before}:{end}: {whole} {row} {position}");
            let places = [whole, within].map(|text| text.parse::<ChangePosition>().unwrap());
            let changes = places.clone().map(Place::Change);
            let snapshots = places.map(|position| Place::Snapshot { position, last: last.clone() });
            for place in changes.into_iter().chain(snapshots).chain([Place::Job(state)]) {
                let cursor = cursors("k").write(("a", &eyes), &place);
                prop_assert_eq!(cursors("k").read(("a", &others), &cursor), Some((place.clone(), false)));
                prop_assert_eq!(cursors("k").read(("a", &eyes), &cursor), Some((place, true)));
                prop_assert_eq!(cursors("k").read(("b", &eyes), &cursor), None);
                prop_assert_eq!(cursors("other").read(("a", &eyes), &cursor), None);
                let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
                let at = flipped % bytes.len();
                bytes[at] ^= 1 << bit;
                prop_assert_eq!(cursors("k").read(("a", &eyes), &URL_SAFE_NO_PAD.encode(bytes)), None);
            }
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,80}") {
            prop_assert_eq!(cursors("k").read(("a", &eyes("one")), &text), None);
        }
    }
}
