//! CODEOWNERS files: GitLab's format, with sections and their default owners.

use schema::{CodeOwnersRecord, CodeOwnersRule};

/// Where GitLab looks, in its order: the first one that is there counts.
pub(super) const PATHS: [&str; 3] = ["CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];
/// Most rules that are told.
const RULES_MAX: usize = 500;

/// Reads a file. What is no rule is left out, as GitLab does.
pub(super) fn read(path: &str, text: &str) -> CodeOwnersRecord {
    let mut section: Option<(String, Vec<String>)> = None;
    let mut rules = Vec::new();
    for line in text.lines().map(str::trim) {
        if rules.len() == RULES_MAX {
            break;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(found) = read_section(line) {
            section = Some(found);
            continue;
        }
        let (pattern, rest) = split_pattern(line);
        let own: Vec<String> = owners(rest);
        let defaults = section.as_ref().map(|(_, owners)| owners.clone()).unwrap_or_default();
        rules.push(CodeOwnersRule {
            pattern,
            owners: if own.is_empty() { defaults } else { own },
            section: section.as_ref().map(|(name, _)| name.clone()),
        });
    }
    CodeOwnersRecord { path: path.to_owned(), rules }
}

/// `[Name]`, `^[Optional]`, `[Name][2] @default`.
fn read_section(line: &str) -> Option<(String, Vec<String>)> {
    let rest = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (name, rest) = rest.split_once(']')?;
    let rest = match rest.strip_prefix('[') {
        Some(approvals) => approvals.split_once(']')?.1,
        None => rest,
    };
    Some((name.trim().to_owned(), owners(rest)))
}

/// A pattern ends at the first space that no backslash stands before.
fn split_pattern(line: &str) -> (String, &str) {
    let (mut pattern, mut is_escaped) = (String::new(), false);
    for (at, letter) in line.char_indices() {
        match letter {
            _ if is_escaped => {
                // Only a space or `#` needs the backslash; elsewhere it belongs to the pattern.
                if !matches!(letter, ' ' | '#') {
                    pattern.push('\\');
                }
                pattern.push(letter);
                is_escaped = false;
            }
            '\\' => is_escaped = true,
            letter if letter.is_whitespace() => return (pattern, line.get(at..).unwrap_or_default()),
            letter => pattern.push(letter),
        }
    }
    (pattern, "")
}

/// Names and addresses; what follows `#` is a comment.
fn owners(text: &str) -> Vec<String> {
    text.split_whitespace()
        .take_while(|word| !word.starts_with('#'))
        .filter(|word| word.starts_with('@') || word.contains('@'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_defaults_and_escapes_are_read_as_gitlab_reads_them() {
        let text = "# all\n* @all\n/my\\ docs/ @writers docs@example.com # why\n\n[Database][2] @dba\n*.sql\n/x @a @b\n\
                    ^[Docs]\n\\#file @c\nREADME.md\nnobody nothing\n";
        let record = read("docs/CODEOWNERS", text);
        let told: Vec<(&str, Vec<&str>, Option<&str>)> = record
            .rules
            .iter()
            .map(|rule| {
                let owners = rule.owners.iter().map(String::as_str).collect();
                (rule.pattern.as_str(), owners, rule.section.as_deref())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("*", vec!["@all"], None),
                ("/my docs/", vec!["@writers", "docs@example.com"], None),
                ("*.sql", vec!["@dba"], Some("Database")),
                ("/x", vec!["@a", "@b"], Some("Database")),
                ("#file", vec!["@c"], Some("Docs")),
                ("README.md", vec![], Some("Docs")),
                ("nobody", vec![], Some("Docs")),
            ]
        );
        assert_eq!(read("CODEOWNERS", &"* @x\n".repeat(1_000)).rules.len(), RULES_MAX);
    }
}
