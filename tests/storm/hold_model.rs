//! P12, the model: random sequences of redeem, hold, commit, cancel, expire, replace and return, each answer and each
//! counter as a small model of spec 9 says; then the same by many actors at once, where the tills' book and the checker
//! judge.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use support::TestDatabase;

use crate::checker;
use crate::client::Answer;
use crate::hold_races::{expires_in, is_open};
use crate::instance;
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};
use crate::till::{Book, State, Till};

/// Applications that there are for all.
const LIMIT: u64 = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Held,
    Committed,
    Cancelled,
    Expired,
    Replaced,
}

/// One redemption of the model.
#[derive(Clone, Debug)]
struct Redemption {
    id: String,
    is: Is,
    times: u64,
    quantity: u64,
    body: Value,
    is_back: bool,
}

/// One transaction of the model: its redemptions, the latest last.
#[derive(Clone, Debug)]
struct Transaction {
    name: String,
    redemptions: Vec<Redemption>,
}

struct World {
    till: Till,
    database: TestDatabase,
    promotion: String,
    transactions: Vec<Transaction>,
    /// What was done, for a failure to show.
    steps: Vec<String>,
}

impl World {
    fn left(&self) -> u64 {
        let all = self.transactions.iter().flat_map(|one| &one.redemptions);
        let taken = all.filter(|one| matches!(one.is, Is::Held | Is::Committed) && !one.is_back);
        LIMIT - taken.map(|one| one.times).sum::<u64>()
    }

    #[track_caller]
    fn is(&self, answer: &Answer, status: u16, code: &str) {
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{}\nafter {:#?}",
            answer.text,
            self.steps
        );
    }

    /// A redemption that must begin: what it takes is what it wants and there is.
    async fn begin(&mut self, place: usize, body: Value, quantity: u64, left: u64) {
        let answer = self.till.redeem(&body).await;
        self.is(&answer, 201, "");
        let times = answer.times(&self.promotion);
        assert_eq!(times, quantity.min(left), "{}\nafter {:#?}", answer.text, self.steps);
        let is = if body["hold"] == true { Is::Held } else { Is::Committed };
        let expected = if is == Is::Held { State::Held } else { State::Committed };
        assert_eq!(crate::till::state(&answer), expected);
        self.transactions[place].redemptions.push(Redemption {
            id: answer.id(),
            is,
            times,
            quantity,
            body,
            is_back: false,
        });
    }

    async fn step(&mut self, dice: &mut Dice) {
        let place = usize::try_from(dice.below(self.transactions.len() as u64)).unwrap();
        let name = self.transactions[place].name.clone();
        let quantity = 1 + dice.below(4);
        let mut body = shop::redemption(&name, &shop::cart(quantity), dice.percent(80));
        let latest = self.transactions[place].redemptions.last().cloned();
        let what = dice.below(12);
        let seen = latest.as_ref().map(|one| (one.is, one.times, one.quantity, one.id.clone()));
        let left = self.left();
        self.steps.push(format!("{what} {name} of {seen:?}, {left} left"));
        let Some(latest) = latest else {
            if what == 0 {
                // A cancel that overtakes its redemption is told so, and the redemption is refused.
                let early = shop::transaction();
                let answer = self.till.cancel(&shop::tx(&early)).await;
                self.is(&answer, 200, "");
                body["transaction_id"] = early.into();
                let answer = self.till.redeem(&body).await;
                self.is(&answer, 409, "redemption_cancelled");
            }
            return self.begin_new(place, quantity, dice).await;
        };
        let is_live = matches!(latest.is, Is::Held | Is::Committed);
        match what {
            0 | 1 if is_live => {
                let again = self.till.redeem(&latest.body).await;
                self.is(&again, 200, "");
                assert_eq!(again.id(), latest.id);
            }
            2 if is_live && quantity != latest.quantity => {
                let refused = self.till.redeem(&body).await;
                self.is(&refused, 409, "transaction_id_reused");
            }
            0..=2 if !is_live => {
                let left = self.left();
                self.begin(place, body, quantity, left).await;
            }
            3 | 4 if is_live && latest.body["replaces"] != latest.id.as_str() => {
                body["replaces"] = latest.id.as_str().into();
                if latest.is == Is::Held {
                    let left = self.left() + latest.times;
                    self.end(place, &latest.id, Is::Replaced);
                    self.begin(place, body, quantity, left).await;
                    self.till.book.settle(&self.till.tenant, &latest.id, State::Ended);
                } else {
                    let refused = self.till.redeem(&body).await;
                    self.is(&refused, 409, "transaction_id_reused");
                }
            }
            5 => self.commit(place, dice).await,
            6..=8 => self.cancel(place, dice).await,
            9 if latest.is == Is::Held => self.expire(place, &latest).await,
            10 => self.bring_back(place, &latest).await,
            _ => {
                let found = self.till.look_up(&shop::tx(&name)).await;
                self.is(&found, 200, "");
                let state = format!("{:?}", latest.is).to_lowercase();
                assert_eq!((found.id(), found.state()), (latest.id, state.as_str()));
            }
        }
    }

    async fn begin_new(&mut self, place: usize, quantity: u64, dice: &mut Dice) {
        let name = &self.transactions[place].name;
        let body = shop::redemption(name, &shop::cart(quantity), dice.percent(80));
        let left = self.left();
        self.begin(place, body, quantity, left).await;
    }

    fn end(&mut self, place: usize, id: &str, is: Is) {
        let found = self.transactions[place].redemptions.iter_mut().find(|one| one.id == id);
        found.expect("a redemption").is = is;
    }

    /// One of the transaction's redemptions, and how it is addressed.
    fn address(&self, place: usize, dice: &mut Dice) -> (Redemption, String) {
        let transaction = &self.transactions[place];
        if dice.percent(40) {
            let latest = transaction.redemptions.last().expect("a redemption").clone();
            return (latest, shop::tx(&transaction.name));
        }
        let any = dice.choose(&transaction.redemptions).clone();
        let id = any.id.clone();
        (any, id)
    }

    async fn commit(&mut self, place: usize, dice: &mut Dice) {
        let (redemption, address) = self.address(place, dice);
        let answer = self.till.commit(&address).await;
        match redemption.is {
            Is::Held | Is::Committed => {
                self.is(&answer, 200, "");
                self.end(place, &redemption.id, Is::Committed);
            }
            Is::Cancelled => self.is(&answer, 409, "redemption_cancelled"),
            Is::Expired => self.is(&answer, 409, "hold_expired"),
            Is::Replaced => self.is(&answer, 409, "hold_replaced"),
        }
    }

    async fn cancel(&mut self, place: usize, dice: &mut Dice) {
        let (redemption, address) = self.address(place, dice);
        let answer = self.till.cancel(&address).await;
        match redemption.is {
            Is::Held => {
                self.is(&answer, 200, "");
                self.end(place, &redemption.id, Is::Cancelled);
            }
            Is::Committed => self.is(&answer, 409, "already_committed"),
            Is::Cancelled | Is::Expired | Is::Replaced => self.is(&answer, 200, ""),
        }
    }

    async fn expire(&mut self, place: usize, latest: &Redemption) {
        expires_in(&self.database.owner(), &latest.id, 0).await;
        // Refused from that moment on, whether the job has come by or not.
        let answer = self.till.commit(&latest.id).await;
        self.is(&answer, 409, "hold_expired");
        let mut looks = 0;
        while is_open(&self.database.owner(), &latest.id).await {
            looks += 1;
            assert!(looks < 500, "the hold {} does not expire", latest.id);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let found = self.till.look_up(&latest.id).await;
        assert_eq!(found.state(), "expired", "{}", found.text);
        self.end(place, &latest.id, Is::Expired);
    }

    async fn bring_back(&mut self, place: usize, latest: &Redemption) {
        let body = json!({"return_id": "R-1",
                          "lines": [{"id": "1", "quantity": latest.quantity.to_string()}]});
        let answer = self.till.bring_back(&latest.id, &body).await;
        if latest.is == Is::Committed {
            self.is(&answer, 200, "");
            assert_eq!(answer.body["complete"], true, "{}", answer.text);
            let found = self.transactions[place].redemptions.last_mut();
            found.expect("a redemption").is_back = true;
        } else {
            self.is(&answer, 409, "not_committed");
        }
    }
}

async fn world(database: TestDatabase, front: &crate::client::Front) -> World {
    let shop = Shop::open(front).await;
    let limits = json!({"promotion": {"times": {"max": LIMIT}}});
    let promotion = shop.promotion(&shop::ten_off("P", limits)).await;
    World {
        till: Till::new(&shop, &Arc::new(Book::default())),
        database,
        promotion,
        transactions: Vec::new(),
        steps: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_sequences_go_as_the_model_says() {
    let mut dice = Dice::new("random_sequences_go_as_the_model_says");
    let database = TestDatabase::new().await;
    let owner = database.owner();
    let (_instances, front) = instance::start(&owner, 2).await;
    let mut world = world(database, &front).await;
    for _ in 0..pick(500, 4_000) {
        // Few at a time, so that each sees much.
        if world.transactions.len() < 6 || dice.percent(5) {
            world.transactions.push(Transaction {
                name: format!("{} ü/%", shop::transaction()),
                redemptions: Vec::new(),
            });
        }
        if world.transactions.len() > 8 {
            // Forgotten ones give back what they can, and stay in the ledger.
            let gone = usize::try_from(dice.below(6)).unwrap();
            if let Some(latest) = world.transactions[gone].redemptions.last().cloned() {
                if latest.is == Is::Held {
                    let answer = world.till.cancel(&latest.id).await;
                    world.is(&answer, 200, "");
                } else if latest.is == Is::Committed && !latest.is_back {
                    world.bring_back(gone, &latest).await;
                }
            }
            world.transactions.remove(gone);
        }
        world.step(&mut dice).await;
        let used = checker::used(&owner, &world.promotion, "promotion", "times").await;
        let expected = LIMIT - world.left();
        assert_eq!(u64::try_from(used).unwrap(), expected, "after {:#?}", world.steps);
        if world.steps.len() > 60 {
            world.steps.drain(..30);
        }
    }
    let ledger = checker::check_all(&owner, &world.till.book).await;
    for state in ["held", "committed", "cancelled", "expired", "replaced"] {
        println!("{state}: {}", ledger.count(state));
        assert!(ledger.len() < 50 || ledger.count(state) > 0 || state == "held", "no {state} one");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_actors_leave_counters_and_ledger_agreed() {
    let mut dice = Dice::new("racing_actors_leave_counters_and_ledger_agreed");
    let database = TestDatabase::new().await;
    let owner = database.owner();
    let (_instances, front) = instance::start(&owner, 2).await;
    let world = world(database, &front).await;
    let rounds = pick(8, 40);
    for _ in 0..rounds {
        let names: Vec<String> = (0..12).map(|_| shop::transaction()).collect();
        for name in &names {
            let body = shop::redemption(name, &shop::cart(1), true);
            world.till.redeem(&body).await.expect(201);
        }
        let mut actors = Vec::new();
        for _ in 0..24 {
            let (till, names, owner) = (world.till.clone(), names.clone(), owner.clone());
            let mut dice = dice.fork();
            actors.push(tokio::spawn(async move {
                let mut held = None;
                for _ in 0..8 {
                    act(&till, dice.choose(&names).clone(), &mut held, &owner, &mut dice).await;
                }
            }));
        }
        for actor in actors {
            actor.await.expect("an actor");
        }
        checker::check_all(&owner, &world.till.book).await;
        // Everything is given back before the next round, so that it has something to fight for.
        for name in names {
            let answer = world.till.cancel(&shop::tx(&name)).await;
            if answer.code() == "already_committed" {
                let sold = world.till.look_up(&shop::tx(&name)).await.expect(200);
                let quantity = sold.body["result"]["lines"][0]["quantity"].clone();
                let body =
                    json!({"return_id": "R-9", "lines": [{"id": "1", "quantity": quantity}]});
                world.till.bring_back(&sold.id(), &body).await;
            }
        }
        let used = checker::used(&owner, &world.promotion, "promotion", "times").await;
        assert_eq!(used, 0);
    }
    let ledger = checker::check_all(&owner, &world.till.book).await;
    let count = |state| ledger.count(state);
    println!(
        "{rounds} rounds, {} redemptions: {} committed, {} cancelled, {} expired, {} replaced",
        ledger.len(),
        count("committed"),
        count("cancelled"),
        count("expired"),
        count("replaced")
    );
}

/// One act of one of many: what comes back must be one of the answers that the contract has for it. `held` is the
/// transaction and id of a hold that the actor knows of.
async fn act(
    till: &Till,
    name: String,
    held: &mut Option<(String, String)>,
    owner: &sqlx::postgres::PgConnectOptions,
    dice: &mut Dice,
) {
    const BEGUN: &[&str] = &["", "transaction_id_reused", "redemption_cancelled"];
    const ENDED: &[&str] = &["", "redemption_cancelled", "hold_expired", "hold_replaced"];
    let address = match held {
        Some((_, id)) if dice.percent(50) => id.clone(),
        _ => shop::tx(&name),
    };
    let mut body = shop::redemption(&name, &shop::cart(1 + dice.below(3)), dice.percent(90));
    let (answer, allowed) = match (dice.below(16), held.as_ref()) {
        (0..=4, _) => (till.redeem(&body).await, BEGUN),
        (5..=7, Some((of, id))) => {
            body["transaction_id"] = of.as_str().into();
            body["replaces"] = id.as_str().into();
            (till.redeem(&body).await, BEGUN)
        }
        (8, _) => (till.commit(&address).await, ENDED),
        (9..=12, _) => (till.cancel(&address).await, &["", "already_committed"][..]),
        (13, Some((_, id))) => {
            expires_in(owner, id, i64::try_from(dice.below(20)).unwrap()).await;
            return;
        }
        _ => (till.look_up(&address).await, &[""][..]),
    };
    assert!(
        allowed.contains(&answer.code()) && matches!(answer.status, 200 | 201 | 409),
        "{}",
        answer.text
    );
    if answer.state() == "held" {
        let name = answer.body["transaction_id"].as_str().expect("a text");
        *held = Some((name.to_owned(), answer.id()));
    }
}
