use contract::Role;
use serde_json::{Map, Value};

/// What members of groups may do.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    pub(super) claim: String,
    pub(super) operator: Option<String>,
    pub(super) viewer: Option<String>,
}

impl Groups {
    /// The highest role of somebody's groups; nobody has one by default.
    pub(super) fn role_of(&self, claims: &Map<String, Value>) -> Option<Role> {
        let groups = names(find(claims, &self.claim)?);
        let is_in = |group: &Option<String>| {
            let group = group.as_deref();
            group.is_some_and(|group| groups.contains(&group))
        };
        if is_in(&self.operator) {
            Some(Role::Operator)
        } else if is_in(&self.viewer) {
            Some(Role::Viewer)
        } else {
            None
        }
    }
}

/// A claim's own name may hold dots; only where there is no such claim they lead into objects.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let mut parts = name.split('.');
    let first = claims.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

/// A list, or one name.
fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        Value::String(name) => vec![name],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn groups_are_roles() {
        let role = |claim: &str, claims: Value| {
            let groups = Groups {
                claim: claim.to_owned(),
                operator: Some("ops".to_owned()),
                viewer: Some("all".to_owned()),
            };
            groups.role_of(claims.as_object().unwrap())
        };
        for (claim, claims, expected) in [
            (
                "groups",
                json!({"groups": ["all", "ops"]}),
                Some(Role::Operator),
            ),
            ("groups", json!({"groups": ["all"]}), Some(Role::Viewer)),
            ("groups", json!({"groups": "all"}), Some(Role::Viewer)),
            ("groups", json!({"groups": ["others", 7, null]}), None),
            ("groups", json!({"groups": {"ops": true}}), None),
            ("groups", json!({}), None),
            (
                "realm.roles",
                json!({"realm": {"roles": ["ops"]}}),
                Some(Role::Operator),
            ),
            (
                "https://a.b/groups",
                json!({"https://a.b/groups": ["ops"]}),
                Some(Role::Operator),
            ),
        ] {
            assert_eq!(role(claim, claims.clone()), expected, "{claims}");
        }
        let nobody = Groups {
            claim: "groups".to_owned(),
            operator: None,
            viewer: None,
        };
        assert_eq!(
            nobody.role_of(json!({"groups": [""]}).as_object().unwrap()),
            None
        );
    }
}
