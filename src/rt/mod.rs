//! The only door to threads and time: named workers, the one-place mailbox, the clock, one-shot jobs.
//!
//! Knows no later room. Nothing else in the house starts a thread or asks the time.

mod clock;
mod intake;
mod job;
mod latest;
mod stop;
mod wall;
mod worker;

pub use clock::{Clock, ManualClock, RealClock, Waited};
pub use intake::{Intake, IntakeSender, PutError, intake};
pub use job::{Job, JobState, spawn_job};
pub use latest::Latest;
pub use stop::{StopSource, StopToken};
pub use wall::{WallName, wall_name};
pub use worker::{JoinOutcome, Worker, abandoned_workers};
