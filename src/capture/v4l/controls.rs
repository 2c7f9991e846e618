//! A device's controls.

use v4l::Device;
use v4l::control::{Control, Description, Flags, MenuItem, Type, Value};

use super::guarded;
use crate::capture::{CameraControl, ControlKind, ControlState, control_key};

/// Reads all controls that a person can set, with their driver's numbers; none where the driver tells none.
pub(super) fn read(device: &Device) -> Vec<(u32, CameraControl)> {
    let described = guarded("a control of an unknown kind", || device.query_controls()).unwrap_or_else(|error| {
        log::debug!("no controls: {error}");
        Vec::new()
    });
    let mut controls: Vec<(u32, CameraControl)> = Vec::new();
    for description in &described {
        let Some(mut control) = control(device, description) else { continue };
        // A second control of the same name gets a number, or a profile could not tell them apart.
        let same = controls.iter().filter(|(_, other)| other.name == control.name).count();
        if same > 0 {
            control.key = format!("{}_{}", control.key, same + 1);
        }
        controls.push((description.id, control));
    }
    controls
}

fn control(device: &Device, description: &Description) -> Option<CameraControl> {
    let Description { id, typ, name, minimum, maximum, step, default, flags, .. } = description;
    if flags.contains(Flags::DISABLED) {
        return None;
    }
    let kind = match typ {
        Type::Integer | Type::Integer64 => {
            ControlKind::Number { min: *minimum, max: *maximum, step: i64::try_from(*step).unwrap_or(1).max(1) }
        }
        Type::Boolean => ControlKind::Switch,
        Type::Menu => ControlKind::Menu(entries(description)),
        Type::Button => ControlKind::Button,
        // Headings, texts, arrays: nothing to set by hand. Menus of numbers cannot be read through the driver crate.
        _ => return None,
    };
    let value = match kind {
        ControlKind::Button => 0,
        _ => value(device, *id)?,
    };
    let state = if flags.contains(Flags::READ_ONLY) {
        ControlState::ReadOnly
    } else if flags.intersects(Flags::INACTIVE | Flags::GRABBED) {
        ControlState::Inactive
    } else {
        ControlState::Free
    };
    Some(CameraControl { key: control_key(name), name: name.clone(), kind, value, default: *default, state })
}

fn entries(description: &Description) -> Vec<(i64, String)> {
    let items = description.items.iter().flatten();
    items
        .map(|(number, item)| {
            let name = match item {
                MenuItem::Name(name) => name.trim().to_owned(),
                MenuItem::Value(value) => value.to_string(),
            };
            (i64::from(*number), name)
        })
        .collect()
}

fn value(device: &Device, id: u32) -> Option<i64> {
    match guarded("a control of an unknown kind", || device.control(id)).ok()?.value {
        Value::Integer(value) => Some(value),
        Value::Boolean(value) => Some(i64::from(value)),
        _ => None,
    }
}

/// Sets one control.
pub(super) fn set(device: &Device, id: u32, kind: &ControlKind, value: i64) -> std::io::Result<()> {
    let value = match kind {
        ControlKind::Button => Value::None,
        ControlKind::Switch => Value::Boolean(value != 0),
        ControlKind::Number { .. } | ControlKind::Menu(_) => Value::Integer(value),
    };
    guarded("the control cannot be set", || device.set_control(Control { id, value }))
}
