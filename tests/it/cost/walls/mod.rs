//! Whoever may not see everybody's cost learns nothing of another team's, by whatever they ask: each answer is the same, byte for byte,
//! in worlds that differ in what they may not see only.
//!
//! Every grouping is asked with every field of the filter; ranges, steps, metrics and so on come in turns beside them. `world` is what
//! is charged, `questions` what is asked.

mod questions;
mod world;

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use demo::{
    estate::{DEFAULT_TENANT, Role},
    platform::claims,
};
use futures::{StreamExt, future, stream};
use it::{Client, TestPlatform};
use schema::Cursor;
use serde_json::{Value, json};

use super::Folder;
use questions::{
    FIELDS, Of, PLACES, SELECTIONS, document, document_of_places, entries, groupings, question, selection, splits,
};
use world::Change;

/// Requests at once.
const AT_ONCE: usize = 4;

/// The same viewer in two worlds.
struct Worlds {
    role: Role,
    one: (TestPlatform, Folder),
    other: (TestPlatform, Folder),
}

impl Worlds {
    /// Those of a role, with what is different for its tenant in the other; the other tenant's differ in everything.
    async fn of(role: &str, change: Change) -> Self {
        let role = TestPlatform::role(role);
        let everything = Change::Everything;
        let changes = if role.tenant == DEFAULT_TENANT { [change, everything] } else { [everything, change] };
        let (one, other) = (format!("{}-one", role.name), format!("{}-other", role.name));
        let (one, other) = future::join(
            world::platform(&one, Change::Nothing, Change::Nothing),
            world::platform(&other, changes[0], changes[1]),
        )
        .await;
        Self { role, one, other }
    }

    fn clients(&self) -> [Client; 2] {
        [&self.one, &self.other].map(|(platform, _)| platform.client(self.role.name))
    }

    /// The answer, which is the same in both worlds.
    async fn answer(&self, document: &str, variables: &Value) -> Value {
        let [one, other] = self.clients();
        let (one, other) = future::join(told(&one, document, variables), told(&other, document, variables)).await;
        let [text, other_text] = [&one, &other].map(Value::to_string);
        if text != other_text {
            let mut found = Vec::new();
            difference("", &one, &other, &mut found);
            let role = self.role.name;
            let place = found.first().and_then(|first| first.split(['/', ':']).nth(2)).unwrap_or_default();
            let asked = variables.get(place).unwrap_or(variables);
            panic!("{role} can tell worlds apart by {asked}\nat {place} of {document}\n{}", found.join("\n"));
        }
        self.assert_nothing_is_named(&one, variables);
        one
    }

    /// Nothing of those whom the viewer may not see has its name in an answer.
    fn assert_nothing_is_named(&self, answer: &Value, variables: &Value) {
        let text = answer.to_string();
        let secrets: &[&str] = match self.role.name {
            "finops" => &["hush", "harbor"],
            "engineer" => &["hush", "alien", "Alien", "harbor"],
            _ => &["hush", "alien", "Alien", "\"own-", "\"common-"],
        };
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} in {text} for {variables:#}");
        }
    }

    /// The data of a document of several questions.
    async fn asked(&self, number: usize, questions: &[Value]) -> Vec<Value> {
        let (document, variables) = document(number, questions);
        let answer = self.answer(&document, &variables).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        (0..questions.len()).map(|at| answer["data"][format!("q{at}")].clone()).collect()
    }

    async fn stop(self) {
        let ((one, _), (other, _)) = (self.one, self.other);
        future::join(one.stop(), other.stop()).await;
    }
}

/// What a client is told, without what tells requests apart.
async fn told(client: &Client, document: &str, variables: &Value) -> Value {
    let mut answer = client.query(document, variables.clone()).await;
    // Errors of fields that are executed at once come in no order.
    if let Some(errors) = answer.get_mut("errors").and_then(Value::as_array_mut) {
        errors.sort_by_cached_key(|error| error["path"].to_string());
    }
    for error in answer.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten() {
        let extensions = error.get_mut("extensions").and_then(Value::as_object_mut);
        extensions.and_then(|extensions| extensions.remove("requestId"));
    }
    answer
}

/// Where two answers differ.
fn difference(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(fields), Value::Object(others)) => {
            let keys: BTreeSet<&String> = fields.keys().chain(others.keys()).collect();
            for key in keys {
                difference(&format!("{path}/{key}"), &one[key], &other[key], found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs.for_each(|(at, (one, other))| difference(&format!("{path}/{at}"), one, other, found));
        }
        _ if one == other => {}
        _ => found.push(format!("{path}: {one} and {other}")),
    }
}

/// How many answers tell of charges.
fn count_told(reports: &[Value]) -> usize {
    reports.iter().filter(|report| report["total"] != "0").count()
}

/// Every grouping and every field of the filter: by values of payments, of others and of none. Others' are like none.
async fn walk_filters(worlds: &Worlds) -> usize {
    let (tenant, splits) = (worlds.role.tenant, splits(&worlds.role));
    let sees_all = splits.len() > 1;
    let mut walks = Vec::new();
    for (at, grouping) in groupings().into_iter().filter(|grouping| grouping.len() < 2).enumerate() {
        // Every grouping meets a third of the fields, and every field a third of the groupings.
        for field in FIELDS.into_iter().skip(at % 3).step_by(3) {
            walks.push((walks.len(), grouping.clone(), field));
        }
    }
    stream::iter(walks)
        .map(|(number, grouping, field)| async move {
            let foreign: &[Of] = match sees_all {
                true => &[Of::Hidden, Of::OtherTenant],
                false => &[Of::Others, Of::Hidden, Of::OtherTenant],
            };
            let mut asked = if field.needs_all() {
                foreign.iter().map(|of| vec![*of]).collect()
            } else {
                vec![foreign.to_vec(), [foreign, &[Of::Payments]].concat()]
            };
            if sees_all {
                asked.push(vec![Of::Others]);
            }
            // Of nobody there is the same nothing each time, and of payments alone often the same as of both.
            if number % 4 == 0 {
                asked.extend([vec![Of::Nobody], vec![Of::Payments]]);
            }
            let filter = |of: &Vec<Of>| Some(field.filter(tenant, of));
            let questions: Vec<Value> =
                asked.iter().map(|of| question(number, splits, &grouping, filter(of))).collect();
            let told = worlds.asked(number, &questions).await;
            for ((of, report), question) in asked.iter().zip(&told).zip(&questions) {
                if sees_all && (of.contains(&Of::Others) || !field.is_personal()) {
                    continue;
                }
                let like = if of.contains(&Of::Payments) { vec![Of::Payments] } else { vec![Of::Nobody] };
                match asked.iter().position(|asked| *asked == like) {
                    Some(like) => assert_eq!(*report, told[like], "{question:#}"),
                    None if of.contains(&Of::Payments) => {}
                    None => assert_eq!(report["rows"], json!([]), "{question:#}"),
                }
            }
            count_told(&told)
        })
        .buffer_unordered(AT_ONCE)
        .fold(0, |count, told| async move { count + told })
        .await
}

/// Every grouping without a filter, by one thing in several turns.
async fn walk_groupings(worlds: &Worlds) -> usize {
    let splits = splits(&worlds.role);
    let turns =
        groupings().into_iter().flat_map(|grouping| vec![grouping.clone(); if grouping.len() < 2 { 3 } else { 1 }]);
    let questions: Vec<Value> =
        turns.enumerate().map(|(number, grouping)| question(number, splits, &grouping, None)).collect();
    let documents: Vec<(usize, Vec<Value>)> = questions.chunks(6).map(<[Value]>::to_vec).enumerate().collect();
    stream::iter(documents)
        .map(|(number, questions)| async move { count_told(&worlds.asked(number, &questions).await) })
        .buffer_unordered(AT_ONCE)
        .fold(0, |count, told| async move { count + told })
        .await
}

/// What hangs on components, teams, systems and domains.
async fn walk_places(worlds: &Worlds) -> usize {
    let (tenant, splits) = (worlds.role.tenant, splits(&worlds.role));
    let mut questions = Vec::new();
    for grouping in groupings().into_iter().filter(|grouping| grouping.len() < 2) {
        for is_filtered in [false, true] {
            let number = questions.len();
            let field = FIELDS[number / 2 % FIELDS.len()];
            let filter = is_filtered.then(|| field.filter(tenant, &[Of::Payments, Of::Others, Of::Hidden]));
            questions.push((number, question(number, splits, &grouping, filter)));
        }
    }
    stream::iter(questions)
        .map(|(number, question)| async move {
            let answer = worlds.answer(&document_of_places(number), &json!({ "q": question })).await;
            assert!(answer.get("errors").is_none(), "{answer:#}");
            let mut count = 0;
            for (place, _) in PLACES {
                let total = &answer["data"][place]["cost"]["total"];
                let is_foreign = match worlds.role.name {
                    "finops" => place.starts_with("kept"),
                    _ => place.starts_with("kept") || place.starts_with("others"),
                };
                assert!(!is_foreign || total.is_null() || total == "0", "{place}: {total} for {question:#}");
                count += usize::from(total.as_str().is_some_and(|total| total != "0"));
            }
            count
        })
        .buffer_unordered(AT_ONCE)
        .fold(0, |count, told| async move { count + told })
        .await
}

/// Page after page, by each cursor.
async fn walk_pages(worlds: &Worlds) {
    const TEXT: &str = "query($q: CostQuery!, $group: String, $row: String) { cost(query: $q) {
        groups(first: 1, after: $group, top: 2, orderBy: KEY_ASC) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
            edges { cursor node { kind total } } }
        rows(first: 2, after: $row) { cursor date kind amount key } } }";
    let splits = splits(&worlds.role);
    let walks = entries().into_iter().enumerate().map(|(number, entry)| async move {
        let question = question(number, splits, &[entry], None);
        let (mut group, mut row) = (Value::Null, Value::Null);
        for _ in 0..12 {
            let answer = worlds.answer(TEXT, &json!({ "q": question, "group": group, "row": row })).await;
            let report = &answer["data"]["cost"];
            let next = report["groups"]["pageInfo"]["endCursor"].clone();
            let next_row = report["rows"].as_array().and_then(|rows| Some(rows.last()?["cursor"].clone()));
            if next.is_null() && next_row.is_none() {
                return true;
            }
            group = if next.is_null() { group } else { next };
            row = next_row.unwrap_or(row);
        }
        false
    });
    let ended = stream::iter(walks).buffer_unordered(AT_ONCE).collect::<Vec<bool>>().await;
    assert!(ended.contains(&true), "no walk came to an end");
}

/// Cursors out of the admin's answers lead nowhere, as made-up ones do.
async fn walk_cursors_of_others(worlds: &Worlds) {
    const CURSORS: &str =
        "query($q: CostQuery!) { cost(query: $q) { groups(first: 100) { edges { cursor } } rows { cursor } } }";
    const TEXT: &str = "query($q: CostQuery!, $group: String, $row: String) { cost(query: $q) {
        groups(after: $group) { totalCount edges { cursor } } rows(after: $row) { cursor } } }";
    let admin = worlds.one.0.client("admin");
    let mut count = 0;
    for entry in entries() {
        let question = json!({ "range": { "from": "2026-02-01", "to": "2026-03-31" }, "groupBy": [entry] });
        let told = told(&admin, CURSORS, &json!({ "q": question })).await["data"]["cost"].clone();
        let cursors = |list: &Value| -> Vec<Cursor> {
            let listed = list.as_array().into_iter().flatten();
            listed
                .filter_map(|item| URL_SAFE_NO_PAD.decode(item["cursor"].as_str()?).ok())
                .map(|bytes| serde_json::from_slice(&bytes).unwrap())
                .filter(|cursor: &Cursor| cursor.keys[0].contains("hush"))
                .take(2)
                .collect()
        };
        let made_up = |cursor: &Cursor| {
            let keys = cursor.keys.iter().map(|key| key.replace("hush", "no-such")).collect();
            Cursor { order: cursor.order.clone(), keys }
        };
        let groups = cursors(&told["groups"]["edges"]).into_iter().map(|cursor| ("group", cursor));
        let rows = cursors(&told["rows"]).into_iter().map(|cursor| ("row", cursor));
        for (name, cursor) in groups.chain(rows) {
            let answer = worlds.answer(TEXT, &json!({ "q": question, name: cursor.encode() })).await;
            let expected = worlds.answer(TEXT, &json!({ "q": question, name: made_up(&cursor).encode() })).await;
            assert_eq!(answer, expected, "{cursor:?}");
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer:#}");
            count += 1;
        }
    }
    assert!(count > 20, "{count} cursors");
}

/// Questions that are refused, and currencies.
async fn walk_refusals(worlds: &Worlds) {
    let range = json!({ "from": "2026-01-01", "to": "2026-03-31" });
    let team = json!({ "dimension": "TEAM" });
    let with = |more: Value| {
        let mut question = json!({ "range": range });
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        question
    };
    let mut questions = vec![
        with(json!({ "groupBy": [team, team] })),
        with(json!({ "groupBy": entries() })),
        with(json!({ "range": { "from": "2026-03-01", "to": "2026-01-01" } })),
        with(json!({ "range": { "from": "1990-01-01", "to": "2026-01-01" } })),
        with(json!({ "currency": "no" })),
        with(json!({ "filter": { "service": ["\u{0}"] } })),
    ];
    // Payments is charged in two currencies then, and others in a third one.
    for currency in [json!(null), json!("EUR"), json!("USD"), json!("CHF"), json!("GBP")] {
        for grouping in [vec![], vec![team.clone()], vec![json!({ "dimension": "RESOURCE" })]] {
            let range = json!({ "from": "2025-06-01", "to": "2025-06-30" });
            questions.push(json!({ "range": range, "currency": currency, "groupBy": grouping }));
            questions.push(with(json!({ "currency": currency, "groupBy": grouping })));
        }
    }
    for (number, question) in questions.iter().enumerate() {
        let (text, variables) = document(number, std::slice::from_ref(question));
        worlds.answer(&text, &variables).await;
        worlds.answer(&document_of_places(number), &json!({ "q": question })).await;
    }
    for arguments in
        ["groups(top: 0) { totalCount }", "groups(first: 101) { totalCount }", "rows(after: \"x\") { amount }"]
    {
        let text = format!("query($q: CostQuery!) {{ cost(query: $q) {{ {arguments} }} }}");
        worlds.answer(&text, &json!({ "q": with(json!({})) })).await;
    }
}

/// Splits are refused, whatever is asked and of whom, in the same words.
async fn walk_splits_that_are_refused(worlds: &Worlds) {
    let mut errors = BTreeSet::new();
    for split in ["EVEN", "PROPORTIONAL"] {
        for (number, entry) in entries().into_iter().enumerate() {
            let field = FIELDS[number];
            let filters =
                [&[Of::Payments], &[Of::Others], &[Of::Nobody]].map(|of| field.filter(worlds.role.tenant, of));
            let questions =
                filters.map(|filter| question(number, &[split], std::slice::from_ref(&entry), Some(filter)));
            let (text, variables) = document(number, &questions);
            let answer = worlds.answer(&text, &variables).await;
            assert!(questions.iter().enumerate().all(|(at, _)| answer["data"][format!("q{at}")].is_null()));
            let mut answers = vec![answer];
            if number % 4 == 0 {
                let of_places = worlds.answer(&document_of_places(number), &json!({ "q": questions[1] })).await;
                for (place, _) in &PLACES[..PLACES.len() - 1] {
                    assert!(of_places["data"][place]["cost"].is_null(), "{place}");
                }
                answers.push(of_places);
            }
            let all = answers.iter().flat_map(|answer| answer["errors"].as_array().unwrap());
            errors.extend(all.map(|error| format!("{} {}", error["message"], error["extensions"])));
        }
    }
    assert_eq!(errors.len(), 1, "{errors:?}");
}

async fn walk(worlds: &Worlds) {
    let told = [walk_filters(worlds).await, walk_groupings(worlds).await, walk_places(worlds).await];
    // Else nothing was compared.
    assert!(told.iter().all(|count| *count > 80), "{told:?}");
    walk_pages(worlds).await;
    walk_cursors_of_others(worlds).await;
    walk_refusals(worlds).await;
    // The worlds do differ.
    let text = "query($q: CostQuery!) { cost(query: $q) { rows { amount } } }";
    let question = json!({ "range": { "from": "2026-02-01", "to": "2026-03-31" }, "currency": "EUR",
        "groupBy": [{ "dimension": "COMPONENT" }] });
    let rows = [&worlds.one.0, &worlds.other.0].map(|platform| platform.client("admin"));
    let [one, other] = rows.map(|admin| {
        let question = question.clone();
        async move { admin.data(text, json!({ "q": question })).await }
    });
    assert_ne!(one.await, other.await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engineer_learns_nothing_of_what_others_spend() {
    let worlds = Worlds::of("engineer", Change::OfOthers).await;
    walk(&worlds).await;
    walk_splits_that_are_refused(&worlds).await;
    worlds.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engineer_of_another_tenant_learns_nothing_of_this_one() {
    let worlds = Worlds::of("other_tenant_engineer", Change::OfOthers).await;
    walk(&worlds).await;
    walk_splits_that_are_refused(&worlds).await;
    worlds.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_see_everybodys_cost_sees_only_the_sum_of_what_is_for_a_team_only() {
    let worlds = Worlds::of("finops", Change::OfHidden).await;
    walk(&worlds).await;
    worlds.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_after_it_was_counted_is_only_a_sum_at_once() {
    let worlds = Worlds::of("finops", Change::OfHiddenLate).await;
    for (platform, folder) in [&worlds.one, &worlds.other] {
        world::load_catalog(platform, folder, DEFAULT_TENANT, true).await;
    }
    assert!(walk_groupings(&worlds).await > 100);
    worlds.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_sees_all_of_the_tenant_and_nothing_of_another() {
    let (platform, _folder) = world::platform("admin", Change::Nothing, Change::Nothing).await;
    let admin = platform.client("admin");
    for (from, to) in [("2026-02-01", "2026-03-31"), ("2026-02-10", "2026-03-20")] {
        for split in ["SEPARATE", "EVEN", "PROPORTIONAL"] {
            for entry in entries() {
                let question = json!({ "range": { "from": from, "to": to }, "sharedCosts": split, "groupBy": [entry] });
                let text = format!("query($q: CostQuery!) {{ cost(query: $q) {{ {} }} }}", SELECTIONS.join(" "));
                let report = admin.data(&text, json!({ "q": question })).await["cost"].clone();
                let number = |value: &Value| schema::Decimal::read(value.as_str().unwrap()).unwrap();
                assert_eq!(number(&report["total"]), world::total(from, to), "{question:#}");
                assert_eq!(report["restricted"], "0");
                assert!(!report.to_string().contains("harbor"), "{report:#}");
            }
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_scope_every_answer_is_the_same_refusal() {
    let worlds = Worlds::of("engineer", Change::OfOthers).await;
    let mut claims = claims(&worlds.role);
    claims.scopes.retain(|scope| scope != "cost:read");
    let clients = [&worlds.one.0, &worlds.other.0]
        .map(|platform| platform.client_with(Some(platform.simulator().issuer().token(&claims))));
    let mut errors = BTreeSet::new();
    for (number, entry) in entries().into_iter().enumerate() {
        let field = FIELDS[number];
        let of = [Of::Payments, Of::Others, Of::Nobody][number % 3];
        let question = question(number, &["SEPARATE", "EVEN"], &[entry], Some(field.filter(DEFAULT_TENANT, &[of])));
        let mut texts = vec![format!("query($q: CostQuery!) {{ cost(query: $q) {{ {} }} }}", selection(number))];
        if number % 4 == 0 {
            texts.push(document_of_places(number));
        }
        for text in texts {
            for client in &clients {
                let answer = told(client, &text, &json!({ "q": question })).await;
                assert!(!answer["data"].to_string().contains("total\""), "{answer:#}");
                let all = answer["errors"].as_array().unwrap();
                errors.extend(all.iter().map(|error| format!("{} {}", error["message"], error["extensions"])));
            }
        }
    }
    assert_eq!(errors.len(), 1, "{errors:?}");
    worlds.stop().await;
}
