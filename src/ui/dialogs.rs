//! The questions asked before something is broken off or lost.

use eframe::egui::{self, Id, Modal, RichText};

use crate::model::{Action, Answer, Dialog, Model, Stage};

/// What a question says, and its answers, the safe one last.
struct Question {
    title: &'static str,
    text: &'static str,
    answers: &'static [(&'static str, Answer)],
}

fn question(dialog: Dialog, stage: Stage) -> Question {
    match (dialog, stage) {
        (Dialog::CloseWhileBusy, Stage::Finishing) => Question {
            title: "The recording is being finished",
            text: "The window can close by itself as soon as the file is complete.",
            answers: &[
                ("Close when finished", Answer::FinishAndClose),
                ("Stop now, keep the safe file", Answer::StopNow),
                ("Keep the window open", Answer::KeepGoing),
            ],
        },
        (Dialog::CloseWhileBusy, _) => Question {
            title: "A recording is running",
            text: "Closing stops it. The file is completed first, so nothing is lost.",
            answers: &[("Stop, finish and close", Answer::FinishAndClose), ("Keep recording", Answer::KeepGoing)],
        },
        (Dialog::StopNow, _) => Question {
            title: "Stop finishing the file?",
            text: "Everything recorded is in the crash-safe file and stays there. It is only not turned into the \
                   file you asked for; that can be done later.",
            answers: &[("Stop now", Answer::StopNow), ("Keep finishing", Answer::KeepGoing)],
        },
        (Dialog::ResetSettings, _) => Question {
            title: "Reset all settings?",
            text: "Source, sound, video and output go back to what they were at the first start.",
            answers: &[("Reset", Answer::Reset), ("Cancel", Answer::KeepGoing)],
        },
    }
}

pub(super) fn dialog_ui(ui: &egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    let Some(dialog) = model.dialog else { return };
    let Question { title, text, answers } = question(dialog, model.stage());
    let window = Modal::new(Id::unique("question")).show(ui.ctx(), |ui| {
        ui.set_width(440.0);
        ui.label(RichText::new(title).heading());
        ui.label(text);
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            for (index, (label, answer)) in answers.iter().enumerate() {
                let button = ui.button(*label);
                // The safe answer has the keyboard: a hasty Enter loses nothing.
                if index + 1 == answers.len() && ui.memory(|memory| memory.focused().is_none()) {
                    button.request_focus();
                }
                if button.clicked() {
                    actions.push(Action::Answered(*answer));
                }
            }
        });
    });
    if window.should_close() {
        actions.push(Action::Answered(Answer::KeepGoing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_ends_with_the_answer_that_changes_nothing() {
        for dialog in [Dialog::CloseWhileBusy, Dialog::StopNow, Dialog::ResetSettings] {
            for stage in [Stage::Ready, Stage::Starting, Stage::Recording, Stage::Finishing] {
                let question = question(dialog, stage);
                assert_eq!(question.answers.last().map(|(_, answer)| *answer), Some(Answer::KeepGoing));
            }
        }
    }
}
