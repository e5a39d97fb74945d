//! Who people are, which groups they are in and where pushes reach them: the messenger's tables, read through a cache.
//!
//! A call never fails because a name is not known: where the database has no answer, or is away, a user is "User 123".
use super::{
    Device, HistoryEntry, IdentifierError, Other, QueryError, Store,
    cache::Cache,
    conn::{Row, Value},
    devices::News,
    identifier,
    rate::Rate,
    restart::user,
};
use crate::{
    calls::{GroupFacts, Profile, SocketId},
    settings::MessengerTables,
};
use calls_protocol::{ErrorCode, GroupId, Refusal, UnixMillis, UserId};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tracing::{debug, warn};

/// How long what was looked up is believed.
const FRESH: Duration = Duration::from_secs(30);

/// How long a database that did not answer is not asked again for the same thing.
const AWAY: Duration = Duration::from_secs(1);

/// How long a call waits for a name before it rings without.
const SOON: Duration = Duration::from_millis(500);

/// People that are kept in memory.
const REMEMBERED: usize = 20_000;

/// Users whose devices are kept in memory: twenty tokens of 4 KB each, if somebody tries.
const REMEMBERED_DEVICES: usize = 1_000;

/// A larger group is not rung: ten times as many as a room takes, and few enough to ring them under one lock.
const MOST_RUNG: usize = 500;

/// Groups that one user may ask for in a minute, apart from those that somebody asked for a moment ago.
const QUESTIONS_A_MINUTE: u32 = 60;

/// How often it is told that there was no answer: a flood of calls is no flood of lines.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Who wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// Somebody whom a token names.
    User(UserId),
    /// Whoever it is, where there are no tokens.
    Socket(SocketId),
}

/// Why there is no group to ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoGroup {
    /// The messenger knows no such group.
    Unknown,
    /// It has more than [`MOST_RUNG`] members.
    TooLarge,
    /// The database does not answer.
    Away,
    /// The messenger's tables of groups are not there.
    NotThere,
    /// The asker asked for too many groups.
    TooOften,
}

impl From<NoGroup> for Refusal {
    fn from(why: NoGroup) -> Self {
        let (code, sentence) = match why {
            NoGroup::Unknown => (ErrorCode::NotFound, "there is no such group"),
            NoGroup::TooLarge => (
                ErrorCode::TooLarge,
                "this group has more than 500 members, too many to ring: call a smaller one, or open a room",
            ),
            NoGroup::Away => {
                (ErrorCode::Unavailable, "the group cannot be looked up now: try again in a few seconds")
            }
            NoGroup::NotThere => {
                (ErrorCode::Unavailable, "group calls are not set up here: the operator finds why in the log")
            }
            NoGroup::TooOften => {
                (ErrorCode::RateLimited, "too many groups in a minute: wait a little, then try again")
            }
        };
        Self::new(code, sentence)
    }
}

/// Why a question has no answer.
#[derive(Debug, Clone, Copy)]
enum Silence {
    Away,
    NotThere,
}

/// Looks things up. Cloning is cheap: clones share what was looked up.
#[derive(Debug, Clone)]
pub struct Directory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    tables: MessengerTables,
    questions: Questions,
    profiles: Cache<UserId, Arc<Profile>>,
    groups: Cache<GroupId, Result<Arc<GroupFacts>, NoGroup>>,
    devices: Cache<UserId, Arc<[Device]>>,
    news: News,
    askers: Rate<Asker>,
    /// When it was told last that there was no answer.
    told: Mutex<Option<Instant>>,
}

/// The messenger's tables as SQL, quoted once.
#[derive(Debug)]
struct Questions {
    /// Ends with `IN (`: the ids follow.
    people: String,
    name_parts: usize,
    group: String,
    group_names: String,
    members: String,
}

impl Directory {
    /// Reads names and groups from these tables.
    pub fn new(store: Store, tables: &MessengerTables) -> Result<Self, IdentifierError> {
        let shared = Shared {
            store,
            tables: tables.clone(),
            questions: Questions::new(tables)?,
            profiles: Cache::new(REMEMBERED, FRESH),
            groups: Cache::new(REMEMBERED / 10, FRESH),
            devices: Cache::new(REMEMBERED_DEVICES, FRESH),
            news: News::new(),
            askers: Rate::new(QUESTIONS_A_MINUTE),
            told: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The database, and the messenger's tables in it.
    pub(super) fn reads(&self) -> (&Store, &MessengerTables) {
        (&self.shared.store, &self.shared.tables)
    }

    /// How a user is shown; "User 123" if nobody knows.
    pub async fn profile(&self, user: UserId) -> Arc<Profile> {
        match self.shared.profiles.get(user) {
            Some(known) => known,
            None => {
                self.look_up_profiles(&[user]).await;
                self.shared.profiles.get(user).unwrap_or_else(|| unknown(user))
            }
        }
    }

    /// The group that somebody wants to ring. What is not known from a moment ago is asked for so often and no more.
    pub async fn group(&self, id: GroupId, asker: Asker) -> Result<Arc<GroupFacts>, NoGroup> {
        if let Some(known) = self.shared.groups.get(id) {
            return known;
        }
        if !self.shared.askers.allows(asker) {
            return Err(NoGroup::TooOften);
        }
        let (group, lives) = match self.shared.soon(self.shared.group(id)).await {
            Ok(group) => (group, FRESH),
            Err(Silence::NotThere) => (Err(NoGroup::NotThere), FRESH),
            Err(Silence::Away) => (Err(NoGroup::Away), AWAY),
        };
        self.shared.groups.put_for(id, group.clone(), lives);
        group
    }

    /// The group of a call that goes on, however long the answer takes; none if it is no group any more.
    pub async fn group_of_call(&self, id: GroupId) -> Result<Option<Arc<GroupFacts>>, QueryError> {
        match self.shared.group(id).await {
            Ok(group) => Ok(group.ok()),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The devices of a user that a push can reach.
    pub async fn push_tokens(&self, user: UserId) -> Arc<[Device]> {
        if let Some(known) = self.shared.devices.get(user) {
            return known;
        }
        let (devices, lives) = match self.shared.soon(self.shared.store.devices(user)).await {
            Ok(devices) => (Arc::from(devices), FRESH),
            Err(_) => (Arc::from([]), AWAY),
        };
        self.shared.devices.put_for(user, Arc::clone(&devices), lives);
        devices
    }

    /// Whether a push can wake a device of the user.
    pub async fn has_push(&self, user: UserId) -> bool {
        !self.push_tokens(user).await.is_empty()
    }

    /// Whether what a device says of itself is worth saving: it is new, and its user does not say something new all the
    /// time. From now on it counts as saved.
    pub fn is_news(&self, user: UserId, device: &Device) -> bool {
        self.shared.news.take(user, device)
    }

    /// What was news is not saved after all.
    pub fn is_not_saved(&self, user: UserId) {
        self.shared.news.forget(user);
    }

    /// Remembers a device and its push token. The token is taken from whoever had it before.
    pub async fn save_device(&self, user: UserId, device: &Device, at: UnixMillis) -> Result<(), QueryError> {
        let saved = self.shared.store.save_device(user, device, at).await;
        self.shared.devices.forget(user);
        for former in saved.inspect_err(|_| self.is_not_saved(user))? {
            self.shared.devices.forget(former);
            self.is_not_saved(former);
        }
        Ok(())
    }

    /// Forgets a token that the push service no longer knows.
    pub async fn forget_token(&self, user: UserId, token: &str) -> Result<(), QueryError> {
        self.shared.store.forget_token(user, token).await?;
        self.shared.devices.forget(user);
        self.is_not_saved(user);
        Ok(())
    }

    /// Puts names into a page of history: one question for people, one for groups.
    pub(super) async fn name_others(&self, page: &mut [HistoryEntry]) {
        let (mut people, mut groups) = (HashSet::new(), HashSet::new());
        for entry in page.iter() {
            match &entry.other {
                Other::User { id, .. } => people.insert(id.get()),
                Other::Group { id, .. } => groups.insert(id.get()),
            };
        }
        let unknown_people: Vec<UserId> = people.into_iter().filter_map(|id| UserId::new(id).ok()).collect();
        let missing: Vec<UserId> =
            unknown_people.into_iter().filter(|id| self.shared.profiles.get(*id).is_none()).collect();
        self.look_up_profiles(&missing).await;
        let groups: Vec<u64> = groups.into_iter().collect();
        let names = self.shared.soon(self.shared.group_names(&groups)).await.unwrap_or_default();
        for entry in page {
            match &mut entry.other {
                Other::User { id, profile } => {
                    *profile = self.shared.profiles.get(*id).unwrap_or_else(|| unknown(*id));
                }
                Other::Group { id, name } => {
                    let known = names.iter().find(|(known, _)| *known == id.get());
                    *name = known.map_or_else(|| format!("Group {id}"), |(_, name)| name.clone());
                }
            }
        }
    }

    /// Fills the cache, also for those that nobody knows.
    async fn look_up_profiles(&self, users: &[UserId]) {
        let found = self.shared.soon(self.shared.people(users)).await;
        let lives = if matches!(found, Err(Silence::Away)) { AWAY } else { FRESH };
        let found = found.unwrap_or_default();
        for user in users {
            let profile =
                found.iter().find(|(known, _)| known == user).map(|(_, profile)| Arc::clone(profile));
            self.shared.profiles.put_for(*user, profile.unwrap_or_else(|| unknown(*user)), lives);
        }
    }
}

impl Shared {
    async fn people(&self, users: &[UserId]) -> Result<Vec<(UserId, Arc<Profile>)>, QueryError> {
        let (Some(mut conn), false) = (self.store.reader().await?, users.is_empty()) else {
            return Ok(vec![]);
        };
        let ids: Vec<Value<'_>> = users.iter().map(|user| user.get().into()).collect();
        let sql = format!("{}{})", self.questions.people, marks(ids.len()));
        let rows = conn.fetch(sql, &ids).await?;
        let parts = self.questions.name_parts;
        let person = |row: &Row| Some((user(row, 0)?, Arc::new(profile(row, user(row, 0)?, parts))));
        Ok(rows.iter().filter_map(person).collect())
    }

    async fn group(&self, id: GroupId) -> Result<Result<Arc<GroupFacts>, NoGroup>, QueryError> {
        let Some(mut conn) = self.store.reader().await? else { return Ok(Err(NoGroup::Unknown)) };
        let rows = conn.fetch(self.questions.group.as_str(), &[id.get().into()]).await?;
        let Some(row) = rows.first() else { return Ok(Err(NoGroup::Unknown)) };
        let name =
            row.text(0).filter(|name| !name.trim().is_empty()).unwrap_or_else(|| format!("Group {id}"));
        let rows = conn.fetch(self.questions.members.as_str(), &[id.get().into()]).await?;
        if rows.len() > MOST_RUNG {
            return Ok(Err(NoGroup::TooLarge));
        }
        let mut members: Vec<UserId> = rows.iter().filter_map(|row| user(row, 0)).collect();
        members.sort_unstable();
        members.dedup();
        Ok(Ok(Arc::new(GroupFacts { name, members })))
    }

    async fn group_names(&self, groups: &[u64]) -> Result<Vec<(u64, String)>, QueryError> {
        let (Some(mut conn), false) = (self.store.reader().await?, groups.is_empty()) else {
            return Ok(vec![]);
        };
        let ids: Vec<Value<'_>> = groups.iter().map(|id| (*id).into()).collect();
        let sql = format!("{}{})", self.questions.group_names, marks(ids.len()));
        let rows = conn.fetch(sql, &ids).await?;
        let named = |row: &Row| Some((row.int(0)?.try_into().ok()?, row.text(1)?));
        Ok(rows.iter().filter_map(named).collect())
    }

    /// The answer, if it comes soon.
    async fn soon<T>(&self, question: impl Future<Output = Result<T, QueryError>>) -> Result<T, Silence> {
        let why = match tokio::time::timeout(SOON, question).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) if error.is_missing() => {
                debug!(%error, "the messenger's tables are not as the settings say");
                return Err(Silence::NotThere);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the database is slow".to_owned(),
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            *told = Some(Instant::now());
            warn!(why, "names and groups are not to be had: calls show ids, and groups cannot be called");
        }
        Err(Silence::Away)
    }
}

impl Questions {
    fn new(tables: &MessengerTables) -> Result<Self, IdentifierError> {
        let q = |name: &str| identifier(name);
        let mut columns = vec![q(&tables.users_id)?];
        for name in tables.users_name.iter().chain(&tables.users_avatar) {
            columns.push(q(name)?);
        }
        let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
        Ok(Self {
            people: format!(
                "SELECT {} FROM {} WHERE {} IN (",
                columns.join(", "),
                q(&tables.users)?,
                q(&tables.users_id)?
            ),
            name_parts: tables.users_name.len(),
            group: format!(
                "SELECT {} FROM {} WHERE {} = ?",
                q(&tables.groups_name)?,
                q(&tables.groups)?,
                q(&tables.groups_id)?
            ),
            group_names: format!(
                "SELECT {}, {} FROM {} WHERE {} IN (",
                q(&tables.groups_id)?,
                q(&tables.groups_name)?,
                q(&tables.groups)?,
                q(&tables.groups_id)?
            ),
            members: format!(
                "SELECT DISTINCT {0} FROM {1} WHERE {2} = ? AND {0} > 0 LIMIT {3}",
                q(&tables.members_user)?,
                q(&tables.members)?,
                q(&tables.members_group)?,
                MOST_RUNG + 1
            ),
        })
    }
}

fn profile(row: &Row, user: UserId, name_parts: usize) -> Profile {
    let parts = (1..=name_parts).filter_map(|column| row.text(column));
    let name = parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty());
    let name = name.collect::<Vec<_>>().join(" ");
    // Without an avatar column this one does not exist, and reads as absent.
    let avatar = row.text(name_parts + 1).filter(|avatar| !avatar.is_empty());
    Profile { name: if name.is_empty() { format!("User {user}") } else { name }, avatar }
}

fn unknown(user: UserId) -> Arc<Profile> {
    Arc::new(Profile { name: format!("User {user}"), avatar: None })
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}
