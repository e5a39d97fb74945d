//! Group calls and open rooms.
use calls_tests::stage::check;

#[test]
fn a_group_call_rings_the_other_members() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls group 7 in g
          1a ok call 1, rings 2
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
          3a < incoming g from Name 1 in Climbers #2
        2a joins g
          2a ok in it: 1 2
          db group 1 active
          db group 1 joined 2
          1a < joined g 2 audio #3
        2a toggles g audio video
          2a ok
          1a < media g 2 audio video #4
        3a joins g
          3a ok in it: 1 2 3
          db group 1 joined 3
          1a < joined g 3 audio #5
          2a < joined g 3 audio #5
        wait 60s
        1a leaves g
          1a ok
          db group 1 left 1
          2a < left g 1, host 2 #6
          3a < left g 1, host 2 #6
        2a ends g
          2a ok 60 s
          db group 1 left 2
          3a < left g 2, host 3 #7
        3a ends g
          3a ok 60 s
          db group 1 left 3
          db group 1 ended completed
        "#,
    );
}

#[test]
fn a_group_call_nobody_joins_times_out() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls group 7 in g
          1a ok call 1, rings 1
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
        wait 45s
          2a < ended g missed 0 s #3
          push 2 missed 1
          push 3 missed 1
          1a < ended g timeout 0 s #5
          db group 1 left 1
          db group 1 ended timeout
        "#,
    );
}

#[test]
fn a_member_who_does_not_answer_is_no_longer_rung_but_may_come_in() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls group 7 in g
          1a ok call 1, rings 2
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
          3a < incoming g from Name 1 in Climbers #2
        2a joins g
          2a ok in it: 1 2
          db group 1 active
          db group 1 joined 2
          1a < joined g 2 audio #3
        wait 45s
          3a < ended g missed 0 s #4
          push 3 missed 1
        3a joins g
          3a ok in it: 1 2 3
          db group 1 joined 3
          1a < joined g 3 audio #5
          2a < joined g 3 audio #5
        "#,
    );
}

#[test]
fn a_member_who_declines_stops_ringing_everywhere() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        2b registers
          2b ok
        1a calls group 7 in g
          1a ok call 1, rings 2
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          2b < incoming g from Name 1 in Climbers #1
          push 3 ring
        2a rejects g
          2a ok
          2b < ended g declined_elsewhere by 2 0 s
          1a < rejected g declined by 2 #3
        2a rejects g
          2a ok
        3a registers
          3a ok, rings: g
          3a < incoming g from Name 1 in Climbers #2
        3a rejects g busy
          3a ok
          1a < rejected g busy by 3 #4
          1a < ended g timeout 0 s #5
          db group 1 left 1
          db group 1 ended timeout
        "#,
    );
}

#[test]
fn a_decline_in_a_running_group_call_ends_only_the_ringing() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls group 7 in g
          1a ok call 1, rings 2
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
          3a < incoming g from Name 1 in Climbers #2
        2a joins g
          2a ok in it: 1 2
          db group 1 active
          db group 1 joined 2
          1a < joined g 2 audio #3
        3a rejects g
          3a ok
          1a < rejected g declined by 3 #4
          2a < rejected g declined by 3 #4
        3a joins g
          3a ok in it: 1 2 3
          db group 1 joined 3
          1a < joined g 3 audio #5
          2a < joined g 3 audio #5
        3a rejects g
          3a no: already_answered
        "#,
    );
}

#[test]
fn a_member_answers_on_one_device() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        2b registers
          2b ok
        1a calls group 7 in g
          1a ok call 1, rings 2
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          2b < incoming g from Name 1 in Climbers #1
          push 3 ring
        2a accepts g
          2a ok in it: 1 2
          2b < ended g answered_elsewhere by 2 0 s
          db group 1 active
          db group 1 joined 2
          1a < joined g 2 audio #3
        2b joins g
          2b no: already_answered
        2b leaves g
          2b no: already_answered
        "#,
    );
}

#[test]
fn the_initiator_who_hangs_up_early_cancels() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls group 7 in g
          1a ok call 1, rings 1
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
        1a ends g cancelled
          1a ok 0 s
          db group 1 left 1
          2a < ended g cancelled 0 s #3
          push 2 missed 1
          push 3 missed 1
          db group 1 ended cancelled
        2a joins g
          2a no: expired
        "#,
    );
}

#[test]
fn a_group_has_one_call_at_a_time() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls group 7 in g
          1a ok call 1, rings 1
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
        2a calls group 7 in h
          2a no: conflict
        1a calls group 7 in g
          1a ok call 1, rings 0
        "#,
    );
}

#[test]
fn only_members_call_and_join() {
    check(
        r#"
        1a registers
          1a ok
        4a registers
          4a ok
        4a calls group 7 in g
          4a no: forbidden
        1a calls group 8 in h
          1a no: not_found
        1a calls group 7 in g
          1a ok call 1, rings 0
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          push 3 ring
        4a joins g
          4a no: forbidden
        4a ends g
          4a no: forbidden
        "#,
    );
}

#[test]
fn a_member_who_drops_comes_back_or_is_removed() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls group 7 in g
          1a ok call 1, rings 2
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
          3a < incoming g from Name 1 in Climbers #2
        2a joins g
          2a ok in it: 1 2
          db group 1 active
          db group 1 joined 2
          1a < joined g 2 audio #3
        3a joins g
          3a ok in it: 1 2 3
          db group 1 joined 3
          1a < joined g 3 audio #4
          2a < joined g 3 audio #4
        2a drops
          1a < reconnecting g 2 #5
          3a < reconnecting g 2 #5
        3a drops
          1a < reconnecting g 3 #6
        1a toggles g audio video
          1a ok
        2a registers
          2a ok
        2a resumes g after #4
          2a ok in it: 1 2 3
          1a < reconnected g 2 #8
          2a < reconnecting g 3 #6
          2a < media g 1 audio video #7
        wait 30s
          db group 1 left 3
          1a < left g 3 #10
          2a < left g 3 #10
        3a registers
          3a ok
        3a resumes g after #5
          3a no: expired
          3a < ended g failed by 3 0 s #9
        3a joins g
          3a ok in it: 1 2 3
          db group 1 joined 3
          1a < joined g 3 audio #11
          2a < joined g 3 audio #11
        "#,
    );
}

#[test]
fn candidates_and_offers_go_to_one_or_to_all() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls group 7 in g
          1a ok call 1, rings 2
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
          3a < incoming g from Name 1 in Climbers #2
        2a joins g
          2a ok in it: 1 2
          db group 1 active
          db group 1 joined 2
          1a < joined g 2 audio #3
        3a joins g
          3a ok in it: 1 2 3
          db group 1 joined 3
          1a < joined g 3 audio #4
          2a < joined g 3 audio #4
        3a tries x in g for 1
          3a ok
          1a < candidate g "x" of 3 #5
        3a tries y in g
          3a ok
          1a < candidate g "y" of 3 #6
          2a < candidate g "y" of 3 #6
        3a offers o in g for 2
          3a ok
          2a < renegotiate g offer "o" #7
        2a answers p in g for 3
          2a ok
          3a < renegotiate g answer "p" #8
        2a offers o in g for 0
          2a no: unavailable
        "#,
    );
}

#[test]
fn an_open_room_takes_whoever_comes() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room
          1a no: not_found
        1a joins room opening
          1a ok in it: 1
        2a joins room opening
          2a ok in it: 1 2
          1a < joined room 2 audio #1
        2a accepts room
          2a ok in it: 1 2
        3a rejects room
          3a no: conflict
        3a joins room opening
          3a ok in it: 1 2 3
          1a < joined room 3 audio #2
          2a < joined room 3 audio #2
        1a leaves room
          1a ok
          2a < left room 1, host 2 #3
          3a < left room 1, host 2 #3
        2a leaves room
          2a ok
          3a < left room 2, host 3 #4
        3a leaves room
          3a ok
        3a joins room
          3a no: not_found
        "#,
    );
}

#[test]
fn an_open_room_forgets_who_stays_away() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a joins room opening
          1a ok in it: 1
        2a joins room opening
          2a ok in it: 1 2
          1a < joined room 2 audio #1
        2a drops
          1a < reconnecting room 2 #2
        wait 30s
          1a < left room 2 #4
        2a registers
          2a ok
        2a joins room opening
          2a ok in it: 1 2
          1a < joined room 2 audio #5
        "#,
    );
}

#[test]
fn somebody_in_an_open_room_can_be_called() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a joins room opening
          1a ok in it: 1
        2a calls 1 in r
          2a ok call 1, rings 1
          db 1 ringing
          1a < incoming r from Name 2 #1
        "#,
    );
}

#[test]
fn hanging_up_on_a_group_call_that_rings_declines_it() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        2b registers
          2b ok
        3a registers
          3a ok
        1a calls group 7 in g
          1a ok call 1, rings 3
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          2b < incoming g from Name 1 in Climbers #1
          push 3 ring
          3a < incoming g from Name 1 in Climbers #2
        2a ends g
          2a ok 0 s
          2b < ended g declined_elsewhere by 2 0 s
          1a < rejected g declined by 2 #3
        "#,
    );
}

#[test]
fn whoever_is_not_in_an_open_room_is_not_told_who_is() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a joins room opening
          1a ok in it: 1
        2a resumes room
          2a no: conflict
        "#,
    );
}
