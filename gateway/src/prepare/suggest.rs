//! "Did you mean": names of the schema close to one that it does not have. Told only to callers who may read the schema.

use super::type_system::TypeSystem;

/// Most names that are suggested.
const NAMES_MAX: usize = 3;
/// Longer names are compared with nothing: the comparison takes the product of both lengths.
const NAME_BYTES_MAX: usize = 60;

/// What to add to a validator's message about an unknown field; none for other messages, or when nothing is close.
pub fn hint(message: &str, types: &TypeSystem) -> Option<String> {
    let rest = message.strip_prefix("type `")?;
    let (type_name, rest) = rest.split_once("` does not have a field `")?;
    let (field, _) = rest.split_once('`').filter(|(field, _)| field.len() <= NAME_BYTES_MAX)?;
    let definition = types.schema.types.get(type_name)?;
    let names: Vec<&str> = match definition {
        apollo_compiler::schema::ExtendedType::Object(object) => {
            object.fields.keys().map(|name| name.as_str()).collect()
        }
        apollo_compiler::schema::ExtendedType::Interface(interface) => {
            interface.fields.keys().map(|name| name.as_str()).collect()
        }
        _ => return None,
    };
    let close = closest(field, names);
    let quoted: Vec<String> = close.iter().map(|name| format!("`{name}`")).collect();
    (!quoted.is_empty()).then(|| format!("; did you mean {}?", quoted.join(" or ")))
}

/// The names that differ by no more than a third of their letters, the closest first.
fn closest<'a>(name: &str, names: Vec<&'a str>) -> Vec<&'a str> {
    let wanted = name.to_ascii_lowercase();
    let mut scored: Vec<(usize, &str)> = names
        .into_iter()
        .map(|other| (strsim::damerau_levenshtein(&wanted, &other.to_ascii_lowercase()), other))
        .filter(|(distance, other)| *distance <= other.len().max(name.len()) / 3)
        .collect();
    scored.sort_unstable();
    scored.into_iter().take(NAMES_MAX).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_suggested_the_closest_first() {
        assert_eq!(closest("componets", vec!["component", "components", "viewer"]), ["components", "component"]);
        assert!(closest("zzz", vec!["component", "viewer"]).is_empty());
    }
}
