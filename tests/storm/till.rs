//! A till: sends until it is answered, and writes down what it was told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::client::{Answer, Call, Front};
use crate::shop::Shop;

/// What somebody was told about a redemption.
#[derive(Clone, Debug)]
pub struct Told {
    pub tenant: String,
    pub transaction: String,
    pub id: String,
    /// The last state that was told.
    pub state: State,
    pub result: String,
    /// The body that made it, for replays.
    pub body: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Held,
    Committed,
    /// Cancelled, expired or replaced.
    Ended,
}

/// What all tills were told, by tenant and redemption; and which transactions nothing was done about.
#[derive(Debug, Default)]
pub struct Book {
    told: Mutex<HashMap<(String, String), Told>>,
    nothing: Mutex<Vec<(String, String)>>,
}

impl Book {
    /// Writes down an answer to a redemption. One id has one result, and what has ended or was committed stays so.
    #[track_caller]
    fn write(&self, new: Told) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (new.tenant.clone(), new.id.clone());
        let Some(old) = told.get_mut(&key) else {
            told.insert(key, new);
            return;
        };
        assert_eq!(old.result, new.result, "the result of {} has changed", new.id);
        assert_eq!(old.transaction, new.transaction, "{} has changed", new.id);
        // An answer on its way may be older than what is known.
        if new.state != State::Held {
            assert!(
                old.state == State::Held || old.state == new.state,
                "{} was {:?} and is {:?}",
                new.id,
                old.state,
                new.state
            );
            old.state = new.state;
        }
    }

    #[track_caller]
    pub fn settle(&self, tenant: &str, id: &str, state: State) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = told.get_mut(&(tenant.to_owned(), id.to_owned())) {
            assert!(
                old.state == State::Held || old.state == state,
                "{id} was {:?} and is {state:?}",
                old.state
            );
            old.state = state;
        }
    }

    /// A till was told that nothing was done, and gave up.
    pub fn nothing(&self, tenant: &str, transaction: &str) {
        let entry = (tenant.to_owned(), transaction.to_owned());
        self.nothing.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    pub fn all(&self) -> Vec<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub fn all_nothing(&self) -> Vec<(String, String)> {
        self.nothing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn len(&self) -> usize {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// A till of a shop. Clones write into the same book.
#[derive(Clone)]
pub struct Till {
    pub front: Front,
    pub tenant: String,
    pub key: String,
    pub book: Arc<Book>,
}

/// The state that an answer names.
#[track_caller]
pub fn state(answer: &Answer) -> State {
    match answer.state() {
        "held" => State::Held,
        "committed" => State::Committed,
        "cancelled" | "expired" | "replaced" => State::Ended,
        other => panic!("the state {other:?} in {}", answer.text),
    }
}

impl Till {
    pub fn new(shop: &Shop, book: &Arc<Book>) -> Self {
        Self {
            front: shop.front.clone(),
            tenant: shop.id.clone(),
            key: shop.pos.clone(),
            book: Arc::clone(book),
        }
    }

    pub fn call(&self, path: impl Into<String>, body: &Value) -> Call {
        Call::post(path, &self.key, body)
    }

    /// Redeems until answered.
    pub async fn redeem(&self, body: &Value) -> Answer {
        let call = self.call("/v1/redemptions", body);
        let answer = self.front.until_answered(&call).await;
        self.note(&call, &answer);
        answer
    }

    /// Redeems once; gives up when told that nothing was done, and when there is no answer.
    pub async fn redeem_once(&self, body: &Value) -> Option<Answer> {
        let call = self.call("/v1/redemptions", body);
        let answer = self.front.once(&call).await.ok()?;
        if answer.status == 503 && matches!(answer.code(), "overloaded" | "unavailable") {
            let transaction = body["transaction_id"].as_str().expect("a transaction");
            self.book.nothing(&self.tenant, transaction);
        }
        self.note(&call, &answer);
        Some(answer)
    }

    /// Writes down an answer to `POST /v1/redemptions`.
    #[track_caller]
    pub fn note(&self, call: &Call, answer: &Answer) {
        if !matches!(answer.status, 200 | 201) {
            return;
        }
        let transaction = answer.body["transaction_id"].as_str();
        self.book.write(Told {
            tenant: self.tenant.clone(),
            transaction: transaction.expect("a transaction_id").to_owned(),
            id: answer.id(),
            state: state(answer),
            result: answer.result().to_owned(),
            body: call.body.clone().unwrap_or_default(),
        });
    }

    pub async fn evaluate(&self, request: &Value) -> Answer {
        let call = self.call("/v1/evaluate-cart", request);
        let mut answer = self.front.until_answered(&call).await;
        // As in a redemption, so that both are read alike.
        answer.body = serde_json::json!({"result": answer.body});
        answer
    }

    /// Commits until answered. `id` as in a path.
    pub async fn commit(&self, id: &str) -> Answer {
        self.settle(id, "commit", State::Committed).await
    }

    /// Cancels until answered.
    pub async fn cancel(&self, id: &str) -> Answer {
        self.settle(id, "cancel", State::Ended).await
    }

    async fn settle(&self, id: &str, what: &str, state: State) -> Answer {
        let path = format!("/v1/redemptions/{id}/{what}");
        let mut call = self.call(path, &Value::Null);
        call.body = None;
        let answer = self.front.until_answered(&call).await;
        if answer.status == 200 {
            let id = answer.body["id"].as_str().unwrap_or(id);
            self.book.settle(&self.tenant, id, state);
        }
        answer
    }

    /// Brings goods back, until answered.
    pub async fn bring_back(&self, id: &str, body: &Value) -> Answer {
        let path = format!("/v1/redemptions/{id}/returns");
        self.front.until_answered(&self.call(path, body)).await
    }

    pub async fn look_up(&self, id: &str) -> Answer {
        let call = Call::get(format!("/v1/redemptions/{id}"), &self.key);
        self.front.until_answered(&call).await
    }
}
