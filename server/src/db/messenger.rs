//! Names of the messenger's own tables and columns. They are only read, never made or changed, except for the small
//! ones that the embedded database starts with.
use crate::settings::MessengerTables;
use std::fmt;

impl Default for MessengerTables {
    fn default() -> Self {
        Self {
            users: "wo_users".into(),
            users_id: "user_id".into(),
            users_name: vec!["first_name".into(), "last_name".into()],
            users_avatar: Some("avatar".into()),
            groups: "wo_groupchat".into(),
            groups_id: "group_id".into(),
            groups_name: "group_name".into(),
            members: "wo_groupchatusers".into(),
            members_group: "group_id".into(),
            members_user: "user_id".into(),
        }
    }
}

impl MessengerTables {
    /// The first name that is none, if there is one. Settings check theirs; this is for whoever builds one by hand.
    pub fn check(&self) -> Result<(), IdentifierError> {
        let fixed = [
            &self.users,
            &self.users_id,
            &self.groups,
            &self.groups_id,
            &self.groups_name,
            &self.members,
            &self.members_group,
            &self.members_user,
        ];
        let all = fixed.into_iter().chain(&self.users_name).chain(&self.users_avatar);
        all.into_iter().try_for_each(|name| identifier(name).map(drop))
    }
}

/// A text that names no table or column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a table or column: 1 to 64 letters, digits, `_`, `$` or `-`")]
pub struct IdentifierError(String);

/// The name, quoted: good for both dialects, as MariaDB and SQLite both take backticks.
///
/// Database prefixes (`social.wo_users`) are quoted part by part.
pub fn identifier(name: &str) -> Result<Quoted, IdentifierError> {
    let is_plain = |part: &str| {
        (1..=64).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_$-".contains(&b))
    };
    let parts: Vec<&str> = name.split('.').collect();
    if parts.len() > 2 || !parts.iter().all(|part| is_plain(part)) {
        return Err(IdentifierError(name.into()));
    }
    Ok(Quoted(parts.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(".")))
}

/// A name that is safe to stand in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_is_quoted_and_anything_else_is_refused() {
        for (name, quoted) in [
            ("wo_users", "`wo_users`"),
            ("Wo-Users$1", "`Wo-Users$1`"),
            ("social.select", "`social`.`select`"),
        ] {
            assert_eq!(identifier(name).unwrap().to_string(), quoted);
        }
        for name in
            ["", "a b", "a`b", "a;b", "a'b", "a\"b", "a.b.c", ".a", "a.", "кімната", "a\0", &"x".repeat(65)]
        {
            assert!(identifier(name).is_err(), "{name:?} was taken");
        }
    }

    #[test]
    fn the_default_names_are_names() {
        assert_eq!(MessengerTables::default().check(), Ok(()));
    }
}
