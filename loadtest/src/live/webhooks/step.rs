//! `Step`: where in the life of a webhook the gateway is killed.

/// Between which two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The head is read, and the body waited for.
    Head,
    /// Half of the body came.
    Half,
    /// All of the body came; how far it got with it is open.
    Body,
    /// It is proven, and its row is being written.
    Storing,
    /// It is stored; its sender learns nothing of that.
    Stored,
    /// Its sender has the answer; nobody has claimed it.
    Answered,
    /// It is claimed; GitLab was not asked.
    Claimed,
    /// GitLab was asked and did not answer.
    Asked,
    /// GitLab has answered.
    Told,
    /// Its effect is written and not committed.
    Writing,
    /// Its effect is committed, and it is not settled.
    Written,
    /// It is settled.
    Settled,
}

impl Step {
    pub(super) const ALL: [Self; 12] = [
        Self::Head,
        Self::Half,
        Self::Body,
        Self::Storing,
        Self::Stored,
        Self::Answered,
        Self::Claimed,
        Self::Asked,
        Self::Told,
        Self::Writing,
        Self::Written,
        Self::Settled,
    ];

    /// How it is called in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Head => "head read",
            Self::Half => "half of the body read",
            Self::Body => "all of the body sent",
            Self::Storing => "proven, being stored",
            Self::Stored => "stored, not answered",
            Self::Answered => "answered, not claimed",
            Self::Claimed => "claimed, GitLab not asked",
            Self::Asked => "GitLab asked",
            Self::Told => "GitLab has answered",
            Self::Writing => "written, not committed",
            Self::Written => "committed, not settled",
            Self::Settled => "settled",
        }
    }
}
