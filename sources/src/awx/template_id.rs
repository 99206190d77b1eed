//! Ids of templates as annotations write them. They come from outside: whatever is not a plain number is not asked for.

/// Most templates of one entity.
pub(super) const TEMPLATES_MAX: usize = 100;

/// The ids in an annotation, each once, in its order; those beyond a hundred are left out.
pub(super) fn read_list(text: &str) -> Vec<i32> {
    let mut ids = Vec::new();
    for id in text.split(',').filter_map(|part| read(part.trim())) {
        if ids.len() < TEMPLATES_MAX && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// One id; none unless the text is written as AWX writes it, because annotations are compared as texts elsewhere.
pub(super) fn read(text: &str) -> Option<i32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_holds_one_id_or_several() {
        assert_eq!(read_list("7"), [7]);
        assert_eq!(read_list(" 12, 7 ,12,"), [12, 7]);
        assert_eq!(read_list("7,../users,8"), [7, 8]);
        let many: Vec<String> = (1..=150).map(|id| id.to_string()).collect();
        assert_eq!(read_list(&many.join(",")).len(), TEMPLATES_MAX);
    }

    #[test]
    fn only_plain_numbers_are_ids() {
        for text in ["", "0", "007", "-1", "+1", "1e3", "7/../8", "７", "99999999999", "7&id__gt=1"] {
            assert_eq!(read(text), None, "{text:?} was accepted");
        }
        assert_eq!(read("2147483647"), Some(i32::MAX));
    }
}
