//! GUIDs, which Azure puts on everything.

use crate::seed::draw;

/// The GUID of `subject`, always the same one.
pub(super) fn guid(subject: &str) -> String {
    let (high, low) = (draw(subject, "guid"), draw(subject, "rest of guid"));
    let (time, version, variant) = (high >> 16 & 0xffff, high & 0xfff, low >> 48 & 0x3fff | 0x8000);
    format!("{:08x}-{time:04x}-4{version:03x}-{variant:04x}-{:012x}", high >> 32, low & 0xffff_ffff_ffff)
}

/// Whether `text` has the form of a GUID.
pub(super) fn is_guid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.chars().all(|letter| letter.is_ascii_hexdigit()))
}
