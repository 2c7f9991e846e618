use super::*;

fn fps_30() -> FrameRate {
    FrameRate::whole(30)
}

fn rates() -> [FrameRate; 4] {
    [FrameRate::whole(30), FrameRate::whole(60), FrameRate::new(30_000, 1001).unwrap(), FrameRate::whole(7)]
}

fn live(rate: FrameRate) -> Pacer<u64> {
    Pacer::new(rate, FrameTiming::Constant, Duration::ZERO)
}

fn file(rate: FrameRate) -> Pacer<u64> {
    Pacer::new(rate, FrameTiming::Constant, Duration::from_millis(200))
}

/// Period in nanoseconds, times a fraction in thousandths.
fn part(rate: FrameRate, thousandths: i64) -> i64 {
    rate.period_nanos() * thousandths / 1000
}

fn assert_in_order(sent: &[Due<u64>]) {
    assert!(sent.first().is_none_or(|first| first.tick == 0 && first.pts == 0));
    for pair in sent.windows(2) {
        assert!(pair[0].tick < pair[1].tick && pair[0].pts < pair[1].pts, "{pair:?}");
        assert!(pair[0].pts_nanos < pair[1].pts_nanos && pair[0].payload <= pair[1].payload, "{pair:?}");
    }
}

#[test]
fn jitter_below_half_a_period_loses_nothing_and_moves_nothing() {
    for rate in rates() {
        for seed in 0..20 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut pacer = live(rate);
            for index in 0..2000 {
                let at = rate.tick_nanos(index) + part(rate, random.i64(-495..=495));
                let due = pacer.offer(at, index);
                assert_eq!(due.len(), 1);
                assert_eq!((due[0].tick, due[0].payload, due[0].kind), (index, index, Kind::Fresh));
            }
            assert_eq!(pacer.counts(), Counts { offered: 2000, fresh: 2000, ticks: 2000, ..Counts::default() });
        }
    }
}

#[test]
fn jitter_below_a_quarter_loses_nothing_wherever_the_frames_lie_between_ticks() {
    for phase in (-500_i64..500).step_by(20) {
        let mut random = fastrand::Rng::with_seed(phase.unsigned_abs());
        let mut pacer = live(fps_30());
        for index in 0..500 {
            let at = fps_30().tick_nanos(index) + part(fps_30(), phase + random.i64(-120..=120));
            // A frame before the origin waits for the next one to show that it is the picture at 0.
            let sent = pacer.offer(at, index).len();
            assert!(sent == 1 || index < 2, "frame {index} at phase {phase}");
        }
        let counts = pacer.counts();
        assert!(counts.fresh >= 499 && counts.dropped_too_many + counts.dropped_late == 0, "{phase}: {counts:?}");
    }
}

/// Offers frames of any rate with jitter, gaps and bursts, advancing as a writer would; checks what always holds.
fn turbulent(rate: FrameRate, timing: FrameTiming, max_gap: Duration, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut pacer = Pacer::new(rate, timing, max_gap);
    let mut sent = Vec::new();
    let mut at = part(rate, random.i64(-3000..1000));
    let mut now = at;
    for payload in 0..1500 {
        at += match random.u8(..) {
            0..4 => part(rate, random.i64(2000..40_000)),
            4..20 => part(rate, random.i64(0..100)),
            _ => part(rate, random.i64(500..1600)),
        };
        while now < at {
            now += rate.period_nanos();
            sent.extend(pacer.advance(now));
        }
        sent.extend(pacer.offer(at, payload));
    }
    let end = at + part(rate, random.i64(-2000..9000));
    while now < end {
        now += rate.period_nanos();
        sent.extend(pacer.advance(now));
    }
    sent.extend(pacer.finish(end));
    assert_in_order(&sent);
    let counts = pacer.counts();
    let fresh = sent.iter().filter(|due| due.kind == Kind::Fresh).count() as u64;
    assert_eq!((counts.fresh, counts.fresh + counts.repeated_sent), (fresh, sent.len() as u64));
    let unsent = counts.dropped_too_many + counts.dropped_late + counts.before_start;
    assert_eq!((counts.offered, counts.fresh + unsent), (1500, 1500), "{counts:?}");
    let [.., before, last] = sent.as_slice() else { panic!("frames were sent") };
    match timing {
        FrameTiming::Constant => {
            assert_eq!(last.tick, before.tick + 1, "newer ffmpeg shows the last frame as long as the one before");
            assert_eq!(counts.ticks, last.tick + 1);
            assert!(counts.ticks >= rate.nearest_tick(end));
        }
        FrameTiming::Variable => assert_eq!(counts.ticks, sent.len() as u64),
    }
    // Repeats stay behind by the allowance; a fresh frame then may come at once.
    let behind = (max_gap + ARRIVAL_ALLOWANCE).as_nanos();
    let allowed = behind + u128::from(rate.period_nanos().unsigned_abs()) * 3;
    for pair in sent.windows(2) {
        let gap = u128::from((pair[1].pts_nanos - pair[0].pts_nanos).unsigned_abs());
        assert!(gap <= allowed + 1_000_000, "a gap of {gap} ns at {pair:?}");
    }
}

#[test]
fn whatever_comes_the_order_and_the_counts_hold() {
    for rate in rates() {
        for seed in 0..25 {
            turbulent(rate, FrameTiming::Constant, Duration::ZERO, seed);
            turbulent(rate, FrameTiming::Constant, Duration::from_millis(200), seed);
            turbulent(rate, FrameTiming::Variable, Duration::from_secs(1), seed);
        }
    }
}

#[test]
fn twice_as_many_frames_are_halved_evenly() {
    let mut pacer = live(fps_30());
    let kept: Vec<_> = (0..200).flat_map(|index| pacer.offer(FrameRate::whole(60).tick_nanos(index), index)).collect();
    assert!((100..=101).contains(&kept.len()));
    assert!(kept.windows(2).all(|pair| pair[1].tick == pair[0].tick + 1));
    assert!(kept.windows(2).skip(1).all(|pair| pair[1].payload == pair[0].payload + 2), "{kept:?}");
    let counts = pacer.counts();
    assert_eq!(counts.fresh + counts.dropped_too_many, 200);
}

#[test]
fn a_taken_tick_passes_a_near_frame_on_and_drops_a_far_one() {
    let mut pacer = live(fps_30());
    let at = |thousandths| part(fps_30(), thousandths);
    assert_eq!(pacer.offer(at(0), 0)[0].tick, 0);
    assert_eq!(pacer.offer(at(260), 1)[0].tick, 1, "0.74 of a period early");
    assert!(pacer.offer(at(1200), 2).is_empty(), "0.8 of a period early");
    assert_eq!(pacer.offer(at(1300), 3)[0].tick, 2);
    assert_eq!(pacer.counts().dropped_too_many, 1);
}

#[test]
fn a_file_begins_with_the_picture_that_was_there() {
    let mut pacer = file(fps_30());
    assert!(pacer.offer(-900_000_000, 1).is_empty() && pacer.offer(-80_000_000, 2).is_empty());
    let due = pacer.offer(100_000_000, 3);
    let sent: Vec<_> = due.iter().map(|due| (due.tick, due.payload, due.kind)).collect();
    assert_eq!(sent, [(0, 2, Kind::Fresh), (3, 3, Kind::Fresh)]);
    assert_eq!(pacer.counts().before_start, 1);

    let mut alone = file(fps_30());
    assert!(alone.offer(-80_000_000, 2).is_empty() && alone.advance(110_000_000).is_none());
    assert_eq!(alone.advance(120_000_000).map(|due| (due.tick, due.payload, due.kind)), Some((0, 2, Kind::Fresh)));

    let mut late = file(fps_30());
    assert_eq!(late.offer(100_000_000, 3)[0].tick, 0, "there is no other picture to begin with");

    let mut near = file(fps_30());
    assert_eq!(near.offer(-10_000_000, 1)[0].tick, 0, "nearest to the origin");
}

#[test]
fn repeats_come_often_enough_and_never_before_a_frame_under_way() {
    let mut pacer = live(fps_30());
    pacer.offer(0, 0);
    let mut sent = Vec::new();
    for ms in 0..1000 {
        sent.extend(pacer.advance(ms * 1_000_000));
    }
    assert_eq!(sent.iter().map(|due| due.tick).collect::<Vec<_>>(), (1..=26).collect::<Vec<_>>());
    // Taken 90 ms ago and only here now: its tick is still free.
    let due = pacer.offer(910_000_000, 1);
    assert_eq!((due[0].tick, due[0].kind), (27, Kind::Fresh));

    let mut pacer = file(fps_30());
    pacer.offer(0, 0);
    let ticks: Vec<_> = (0..2000).filter_map(|ms| pacer.advance(ms * 1_000_000)).map(|due| due.tick).collect();
    assert_eq!(ticks, [6, 12, 18, 24, 30, 36, 42, 48, 54], "every 200 ms");
    let mut pacer = file(fps_30());
    pacer.offer(0, 0);
    assert_eq!(pacer.advance(60_000_000_000).map(|due| due.tick), Some(1796), "one after a long sleep");
    assert!(pacer.offer(10_000_000_000, 1).is_empty());
    assert_eq!(pacer.counts().dropped_late, 1);
}

#[test]
fn the_end_makes_the_length_right() {
    let at = |tick| fps_30().tick_nanos(tick);
    let finish = |offered: &[u64], end: i64| {
        let mut pacer = live(fps_30());
        for tick in offered {
            assert_eq!(pacer.offer(at(*tick), *tick).len(), 1);
        }
        let ticks: Vec<_> = pacer.finish(end).iter().map(|due| due.tick).collect();
        (ticks, pacer.counts().ticks)
    };
    assert_eq!(finish(&[0, 1, 2], at(3)), (vec![], 3), "nothing to add");
    assert_eq!(finish(&[0, 1, 2], at(4)), (vec![3], 4));
    assert_eq!(finish(&[0, 1, 2], at(10)), (vec![8, 9], 10), "two on neighbouring ticks");
    assert_eq!(finish(&[0, 1, 5], at(6)), (vec![6], 7), "a lonely last frame gets a neighbour");
    assert_eq!(finish(&[0], at(0)), (vec![], 1), "what was sent stays");
    assert_eq!(finish(&[], at(9)), (vec![], 0), "no picture, no file");
    let mut early = live(fps_30());
    early.offer(-99_000_000, 1);
    assert_eq!(early.finish(at(2)).iter().map(|due| due.tick).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn variable_rate_keeps_the_frames_own_times_in_whole_milliseconds() {
    let mut pacer = Pacer::new(fps_30(), FrameTiming::Variable, Duration::from_secs(1));
    let mut sent = Vec::new();
    for (payload, at) in (0..).zip([400_000, 33_600_000, 70_499_999, 70_500_001, 100_000_000]) {
        sent.extend(pacer.offer(at, payload));
    }
    assert_eq!(sent.iter().map(|due| due.pts).collect::<Vec<_>>(), [0, 34, 70, 100]);
    let kept = pacer.advance(1_250_000_000).unwrap();
    assert_eq!((kept.payload, kept.kind), (4, Kind::Repeat));
    assert!(pacer.advance(1_260_000_000).is_none());
    let last = pacer.finish(2_000_000_000);
    assert_eq!(last.iter().map(|due| (due.pts, due.pts_nanos)).collect::<Vec<_>>(), [(1967, 1_967_000_000)]);
    assert_eq!(pacer.counts().ticks, 6, "as many as were sent");
    assert_eq!(pacer.time_base(), TimeBase { num: 1, den: 1000 });
}

#[test]
fn ntsc_ticks_are_units_of_its_own_time_base_for_hours() {
    let rate = FrameRate::new(30_000, 1001).unwrap();
    let mut pacer = file(rate);
    pacer.offer(0, 0);
    let index = 30_000 * 60;
    let due = pacer.offer(rate.tick_nanos(index), 1);
    assert_eq!((due[0].pts, due[0].pts_nanos), (1_800_000, 60_060_000_000_000));
    assert_eq!(pacer.time_base().to_nanos(due[0].pts), due[0].pts_nanos);
}
