//! What each route requires, read from where the routes are described.
//!
//! Unless its description says otherwise, what only looks is for viewers and everything else for operators, so that a route that is added
//! without a thought is not open by mistake. `security(("token" = ["viewer"]))` opens one to viewers, `security(())` to all.

use std::collections::HashMap;

use axum::http::Method;
use contract::Role;
use utoipa::openapi::{
    OpenApi,
    path::Operation,
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

const SCHEME: &str = "token";
const ABOUT: &str =
    "API_TOKEN, or VIEWER_TOKEN for what viewers may do. A service without tokens asks nobody.";

/// Who may use a route: `None` is everybody.
type Rule = Option<Role>;

#[derive(Debug, Default)]
pub(crate) struct Rules {
    by_path: HashMap<String, Vec<(Method, Rule)>>,
}

impl Rules {
    /// Reads the document, and completes it with what holds where it says nothing.
    pub(crate) fn of(openapi: &mut OpenApi) -> Self {
        let mut by_path = HashMap::new();
        for (path, item) in &mut openapi.paths.paths {
            let operations = [
                (Method::GET, &mut item.get),
                (Method::PUT, &mut item.put),
                (Method::POST, &mut item.post),
                (Method::DELETE, &mut item.delete),
                (Method::PATCH, &mut item.patch),
            ];
            let rules = operations.into_iter().filter_map(|(method, operation)| {
                let rule = complete(operation.as_mut()?, &method);
                Some((method, rule))
            });
            by_path.insert(path.clone(), rules.collect());
        }
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let scheme = SecurityScheme::Http(scheme.description(Some(ABOUT)).build());
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme(SCHEME, scheme);
        Self { by_path }
    }

    pub(crate) fn rule(&self, method: &Method, path: Option<&str>) -> Rule {
        let asked = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let rules = path.and_then(|path| self.by_path.get(path));
        let mut rules = rules.into_iter().flatten();
        match rules.find(|(method, _)| method == asked) {
            Some((_, rule)) => *rule,
            None => Some(usual(method)),
        }
    }
}

fn usual(method: &Method) -> Role {
    if method.is_safe() {
        Role::Viewer
    } else {
        Role::Operator
    }
}

fn complete(operation: &mut Operation, method: &Method) -> Rule {
    let said = operation.security.as_deref().unwrap_or_default();
    let rule = match said.first() {
        Some(said) if *said == SecurityRequirement::default() => None,
        Some(said) if *said == requirement(Role::Viewer) => Some(Role::Viewer),
        Some(_) => Some(Role::Operator),
        None => Some(usual(method)),
    };
    let requirement = rule.map_or_else(SecurityRequirement::default, requirement);
    operation.security = Some(vec![requirement]);
    rule
}

fn requirement(role: Role) -> SecurityRequirement {
    SecurityRequirement::new(SCHEME, [role.name()])
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::{HttpMethod, PathItem, PathsBuilder, path::OperationBuilder};

    use super::*;

    #[test]
    fn what_is_not_said_is_not_open() {
        let operation = |said: Option<SecurityRequirement>| {
            let operation = OperationBuilder::new();
            match said {
                Some(said) => operation.security(said).build(),
                None => operation.build(),
            }
        };
        let mut item = PathItem::new(HttpMethod::Get, operation(None));
        item.post = Some(operation(Some(requirement(Role::Viewer))));
        item.delete = Some(operation(None));
        let probe = PathItem::new(
            HttpMethod::Get,
            operation(Some(SecurityRequirement::default())),
        );
        let paths = PathsBuilder::new()
            .path("/a/{b}", item)
            .path("/livez", probe);
        let mut openapi = OpenApi::default();
        openapi.paths = paths.build();
        let rules = Rules::of(&mut openapi);
        for (method, path, rule) in [
            (Method::GET, Some("/a/{b}"), Some(Role::Viewer)),
            (Method::HEAD, Some("/a/{b}"), Some(Role::Viewer)),
            (Method::POST, Some("/a/{b}"), Some(Role::Viewer)),
            (Method::DELETE, Some("/a/{b}"), Some(Role::Operator)),
            (Method::PUT, Some("/a/{b}"), Some(Role::Operator)),
            (Method::GET, Some("/livez"), None),
            (Method::HEAD, Some("/livez"), None),
            (Method::POST, Some("/livez"), Some(Role::Operator)),
            (Method::GET, Some("/docs"), Some(Role::Viewer)),
            (Method::GET, None, Some(Role::Viewer)),
            (Method::POST, None, Some(Role::Operator)),
        ] {
            assert_eq!(rules.rule(&method, path), rule, "{method} {path:?}");
        }
        let document = serde_json::to_value(&openapi).unwrap();
        let security = |pointer: &str| &document["paths"][pointer];
        assert_eq!(
            security("/a/{b}")["delete"]["security"][0]["token"][0],
            "operator"
        );
        assert_eq!(
            security("/livez")["get"]["security"][0],
            serde_json::json!({})
        );
        assert_eq!(
            document["components"]["securitySchemes"]["token"]["scheme"],
            "bearer"
        );
    }
}
