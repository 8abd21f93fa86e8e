//! The first connection of a process. If it fails, the error names the server, the database and what to do, because
//! whoever starts the service reads it.

use std::io;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

use super::error::{DbError, Result};

/// Connects, and explains why that fails.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    // The digits of floats are set for a session, which a pooler does not keep.
    let options = options.clone().extra_float_digits(None);
    options.connect().await.map_err(|error| refused(&options, &error))
}

pub(super) fn refused(options: &PgConnectOptions, error: &sqlx::Error) -> DbError {
    DbError::Setup(explain(options, error))
}

fn explain(options: &PgConnectOptions, error: &sqlx::Error) -> String {
    let server = match options.get_socket() {
        Some(folder) => format!("the socket in {}", folder.display()),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let user = options.get_username();
    // PostgreSQL takes the user's name if no database is named.
    let database = options.get_database().unwrap_or(user);
    let reason = match error {
        sqlx::Error::Io(error) => {
            return match error.kind() {
                io::ErrorKind::ConnectionRefused => format!(
                    "no PostgreSQL listens on {server}: start it there, or correct the host and port in DATABASE_URL"
                ),
                io::ErrorKind::NotFound => format!(
                    "no PostgreSQL listens on {server}: start it there, or correct DATABASE_URL"
                ),
                io::ErrorKind::TimedOut => format!(
                    "{server} does not answer: is a firewall between, or is the host in DATABASE_URL another one?"
                ),
                _ => format!(
                    "PostgreSQL on {server} cannot be reached: {error}. Check the host and port in DATABASE_URL"
                ),
            };
        }
        sqlx::Error::Tls(error) => {
            return format!(
                "no encrypted connection to {server}: {error}. Check sslmode and sslrootcert in DATABASE_URL"
            );
        }
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("28P01") => "the password is wrong: correct it in DATABASE_URL".to_owned(),
            Some("28000") => format!(
                "{}: let the role log in, and pg_hba.conf accept it from here",
                error.message()
            ),
            Some("3D000") => format!(
                "the database does not exist: make it with `createdb -O {user} {database}`, or correct its name in \
                 DATABASE_URL"
            ),
            Some("53300") => {
                "it takes no more connections: raise max_connections, or stop what holds them"
                    .to_owned()
            }
            Some("53100") => "there is no room on its disk: make room".to_owned(),
            Some("57P03") => "it is starting, stopping or recovering: try again".to_owned(),
            _ => error.message().to_owned(),
        },
        other => other.to_string(),
    };
    format!("PostgreSQL on {server} refuses the user {user} for the database {database}: {reason}")
}

/// The fault of a URL that is none of PostgreSQL. sqlx would take any scheme.
pub(super) fn refuse_other_schemes(url: &str, name: &str) -> Result<()> {
    match url.split_once("://") {
        Some(("postgres" | "postgresql", _)) => Ok(()),
        Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Err(DbError::Setup(format!(
                "{name} begins with {scheme}://, but the service needs PostgreSQL 14 or newer: \
                 postgres://user:password@host:5432/database"
            )))
        }
        _ => Err(DbError::Setup(
            "DATABASE_URL is not of the form postgres://user:password@host:5432/database"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: sqlx::Error) -> String {
        let options = PgConnectOptions::new_without_pgpass()
            .host("db.example")
            .port(5433)
            .username("shop")
            .password("hidden-away")
            .database("promotions");
        explain(&options, &error)
    }

    #[test]
    fn what_cannot_be_reached_is_named_without_the_password() {
        for kind in [
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::NotFound,
            io::ErrorKind::TimedOut,
            io::ErrorKind::Other,
        ] {
            let text = told(sqlx::Error::Io(kind.into()));
            assert!(text.contains("db.example:5433") && text.contains("DATABASE_URL"), "{text}");
            assert!(!text.contains("hidden-away"), "{text}");
        }
        let text = told(sqlx::Error::Tls("bad certificate".into()));
        assert!(text.contains("db.example:5433") && text.contains("sslmode"), "{text}");
    }

    #[test]
    fn only_urls_of_postgresql_are_taken() {
        assert!(refuse_other_schemes("postgres://a@b/c", "DATABASE_URL").is_ok());
        assert!(refuse_other_schemes("postgresql://a@b/c", "DATABASE_URL").is_ok());
        let text =
            refuse_other_schemes("mysql://root:pw@h/d", "DATABASE_URL").unwrap_err().to_string();
        assert!(text.contains("mysql://") && text.contains("postgres://user"), "{text}");
        assert!(!text.contains("pw"), "{text}");
        for url in ["", "localhost", "host=localhost", "pa ss://x"] {
            let text = refuse_other_schemes(url, "DATABASE_URL").unwrap_err().to_string();
            assert!(text.contains("not of the form"), "{text}");
        }
    }
}
