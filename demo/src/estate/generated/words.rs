//! What generated things are called and what is said of them.

use super::{super::software::title_of, dice::Dice, layout::Kind};

/// A word that stands in the descriptions of less than one entity in a hundred, and nowhere else.
pub const RARE_WORD: &str = "kittiwake";
/// One description in so many holds it.
const RARE_ONE_IN: usize = 150;

const FIRST: [&str; 24] = [
    "amber", "basalt", "birch", "cedar", "cobalt", "coral", "dune", "ember", "fjord", "flint", "gannet", "harrow",
    "indigo", "jasper", "kelp", "larch", "marram", "north", "ochre", "pebble", "quartz", "reed", "slate", "tidal",
];
const SECOND: [&str; 24] = [
    "alerts", "baskets", "billing", "bookings", "catalog", "claims", "credits", "devices", "exports", "forecast",
    "invoices", "journal", "ledger", "media", "notices", "orders", "parcels", "prices", "quotes", "routes", "search",
    "sessions", "stock", "vouchers",
];
const SENTENCES: [&str; 12] = [
    "Answers the requests of other services.",
    "Works off the queue, one message at a time.",
    "Keeps its part of the state and tells others when it changes.",
    "Reads what partners leave each night and checks it before it counts.",
    "Shows people what is going on, and lets support correct it.",
    "Scores what comes in, and explains the score.",
    "Moves what the old system still holds.",
    "Retries what failed, and gives up with a reason.",
    "Speaks to the outside through one narrow interface.",
    "Is called on every page, so it must be quick.",
    "Nobody calls it directly; it reacts to events alone.",
    "Sums up the day for reports and for the ledger.",
];
const TAG_WHAT: [&str; 20] = [
    "backend", "frontend", "batch", "stream", "storage", "public", "internal", "legacy", "critical", "pilot", "pii",
    "pci", "edge", "mobile", "partner", "finance", "search", "mail", "geo", "ml",
];
const TAG_WHERE: [&str; 15] = [
    "core", "eu", "us", "apac", "north", "south", "grpc", "rest", "kafka", "cron", "v1", "v2", "beta", "shared",
    "tier0",
];
pub(super) const LANGUAGES: [&str; 6] = ["java", "typescript", "go", "python", "kotlin", "rust"];

/// The name of the entity of this kind with this number; unique within the kind.
pub(super) fn name(kind: Kind, index: usize) -> String {
    let mut dice = Dice::of(kind as u64, index, 1);
    let (first, second) = (dice.pick(&FIRST), dice.pick(&SECOND));
    match kind {
        Kind::User => format!("{}.{index:05}", super::super::people::person(index)),
        Kind::Api => format!("{first}-{second}-{index:05}-api"),
        Kind::Resource => format!("{first}-{second}-{index:05}-db"),
        Kind::Group => format!("{first}-{second}-team-{index:03}"),
        Kind::Domain => format!("{first}-{second}-area-{index:03}"),
        Kind::System => format!("{first}-{second}-{index:04}"),
        Kind::Component => format!("{first}-{second}-{index:05}"),
    }
}

/// A title for people.
pub(super) fn title(name: &str) -> String {
    title_of(name)
}

/// One to three sentences; a few of them with the rare word.
pub(super) fn description(kind: Kind, index: usize) -> String {
    let mut dice = Dice::of(kind as u64, index, 2);
    let mut sentences: Vec<&str> = Vec::new();
    for _ in 0..=dice.below(3) {
        sentences.push(dice.pick(&SENTENCES));
    }
    let text = sentences.join(" ");
    if dice.one_in(RARE_ONE_IN) { format!("{text} Known as {RARE_WORD} before it was renamed.") } else { text }
}

/// One to five tags, each once; few are everywhere and most are rare.
pub(super) fn tags(kind: Kind, index: usize) -> Vec<String> {
    let mut dice = Dice::of(kind as u64, index, 3);
    let mut tags: Vec<String> = Vec::new();
    for _ in 0..=dice.below(5) {
        let number = dice.skewed(TAG_WHAT.len() * TAG_WHERE.len());
        let word = |words: &[&'static str], at: usize| words.get(at).copied().unwrap_or_default();
        let tag = format!("{}-{}", word(&TAG_WHAT, number % TAG_WHAT.len()), word(&TAG_WHERE, number / TAG_WHAT.len()));
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}
