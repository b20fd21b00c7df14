use axum::http::{HeaderMap, HeaderValue, header};

/// What a cookie is for.
pub(super) struct Cookie {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    /// `Strict`, or `Lax` for one that has to come along from another site.
    pub(super) same_site: &'static str,
}

impl Cookie {
    /// What the browser sent.
    pub(super) fn find<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let cookies = headers.get_all(header::COOKIE).iter();
        let mut cookies = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='));
        cookies
            .find(|(name, _)| *name == self.name)
            .map(|(_, value)| value)
    }

    /// No script reads it. `value` is base64; an empty one with no time left takes the cookie away.
    pub(super) fn set(
        &self,
        value: &str,
        max_age_s: u64,
        secure: bool,
    ) -> anyhow::Result<HeaderValue> {
        let Self {
            name,
            path,
            same_site,
        } = self;
        let secure = if secure { "; Secure" } else { "" };
        let cookie = format!(
            "{name}={value}; Path={path}; Max-Age={max_age_s}; HttpOnly; SameSite={same_site}{secure}"
        );
        Ok(HeaderValue::try_from(cookie)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let cookie = Cookie {
            name: "a",
            path: "/",
            same_site: "Strict",
        };
        let find = |sent: &'static str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, sent.parse().unwrap())]);
            cookie.find(&headers).map(str::to_owned)
        };
        assert_eq!(find("b=1; a=2=; c=3").as_deref(), Some("2="));
        assert_eq!(find("aa=1; b"), None);
    }
}
