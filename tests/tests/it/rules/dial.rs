//! Dialling: offline, push, busy, glare, limits.
use calls_tests::stage::check;

#[test]
fn nobody_to_ring_and_nobody_to_wake_is_offline_at_once() {
    check(
        r#"
        1a registers
          1a ok
        1a calls 2 in r
          1a no: recipient_offline
          db 1 ringing
          db 1 missed offline
          push 2 missed 1
        1a calls 2 in r
          1a no: recipient_offline
        1a ends r
          1a ok 0 s
        2a registers
          2a ok
        2a accepts r
          2a no: forbidden
        "#,
    );
}

#[test]
fn a_push_wakes_a_phone_that_answers() {
    check(
        r#"
        push reaches 2
        1a registers
          1a ok
        1a calls 2 in r
          1a ok call 1, rings 0
          db 1 ringing
          push 2 ring
        1a tries x in r for 2
          1a ok
        wait 20s
        2a registers
          2a ok, rings: r
          2a < incoming r from Name 1 #1
          2a < candidate r "x" of 1 #2
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #3
        "#,
    );
}

#[test]
fn a_push_that_wakes_nobody_ends_in_a_missed_call() {
    check(
        r#"
        push reaches 2
        1a registers
          1a ok
        1a calls 2 in r
          1a ok call 1, rings 0
          db 1 ringing
          push 2 ring
        wait 45s
          1a < ended r timeout 0 s #1
          db 1 missed timeout
          push 2 missed 1
        "#,
    );
}

#[test]
fn devices_that_ring_do_not_keep_a_push_from_the_others() {
    check(
        r#"
        push reaches 2
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          push 2 ring
          2a < incoming r from Name 1 #1
        "#,
    );
}

#[test]
fn a_callee_in_a_call_is_busy() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        3a calls 1 in s
          3a no: recipient_busy
          db 2 ringing
          db 2 missed busy
          push 1 missed 3
        3a calls 2 in t
          3a no: recipient_busy
          db 3 ringing
          db 3 missed busy
          push 2 missed 3
        3a calls 2 in t
          3a no: recipient_busy
        "#,
    );
}

#[test]
fn a_callee_who_is_calling_somebody_is_busy() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        3a calls 1 in s
          3a no: recipient_busy
          db 2 ringing
          db 2 missed busy
          push 1 missed 3
        "#,
    );
}

#[test]
fn a_callee_who_only_rings_can_be_rung_by_another() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        3a calls 2 in s
          3a ok call 2, rings 1
          db 2 ringing
          2a < incoming s from Name 3 #1
        2a accepts s
          2a ok call 2
          db 2 connected
          3a < answer s "answer" #2
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1a ends r
          1a ok 0 s
          2a < ended r completed by 1 0 s #3
          db 1 ended completed 0 s
        "#,
    );
}

#[test]
fn an_app_with_call_waiting_is_rung_in_a_call() {
    check(
        r#"
        1a registers
          1a ok
        2a registers call-waiting
          2a ok
        3a registers
          3a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        3a calls 2 in s
          3a ok call 2, rings 1
          db 2 ringing
          2a < incoming s from Name 3 #1
        2a accepts s
          2a ok call 2
          db 2 connected
          3a < answer s "answer" #2
        2a ends r
          2a ok 0 s
          1a < ended r completed by 2 0 s #3
          db 1 ended completed 0 s
        3a ends s
          3a ok 0 s
          2a < ended s completed by 3 0 s #3
          db 2 ended completed 0 s
        "#,
    );
}

#[test]
fn a_device_that_holds_a_call_starts_a_second_one_if_it_can_hold() {
    check(
        r#"
        1a registers call-waiting
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        1a calls 3 in s
          1a no: already_in_call
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1a calls 3 in s
          1a ok call 2, rings 1
          db 2 ringing
          3a < incoming s from Name 1 #1
        "#,
    );
}

#[test]
fn a_device_in_a_call_starts_no_second_one() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        1a calls 3 in s
          1a no: already_in_call
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1a calls 3 in s
          1a no: already_in_call
        2a calls 3 in s
          2a no: already_in_call
        1b registers
          1b ok
        1b calls 3 in t
          1b ok call 2, rings 1
          db 2 ringing
          3a < incoming t from Name 1 #1
        "#,
    );
}

#[test]
fn both_call_each_other_and_the_lower_room_name_survives() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r1
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r1 from Name 1 #1
        2a calls 1 in r2
          2a ok call 1, rings 1, instead r1
          2a < ended r2 cancelled 0 s, instead r1
        2a accepts r1
          2a ok call 1
          db 1 connected
          1a < answer r1 "answer" #2
        2a ends r2
          2a ok 0 s
        "#,
    );
}

#[test]
fn both_call_each_other_and_the_later_call_has_the_lower_name() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        2b registers
          2b ok
        1a calls 2 in r2
          1a ok call 1, rings 2
          db 1 ringing
          2a < incoming r2 from Name 1 #1
          2b < incoming r2 from Name 1 #1
        2a calls 1 in r1
          2a ok call 2, rings 1
          1a < ended r2 cancelled 0 s, instead r1 #2
          2a < ended r2 cancelled 0 s, instead r1 #3
          2b < ended r2 cancelled 0 s, instead r1 #3
          db 1 ended replaced
          db 2 ringing
          1a < incoming r1 from Name 2 #1
        2b calls 1 in r3
          2b no: already_in_call
        1a ends r2
          1a ok 0 s
        1a accepts r1
          1a ok call 2
          db 2 connected
          2a < answer r1 "answer" #2
        "#,
    );
}

#[test]
fn twenty_calls_a_minute_are_enough() {
    check(
        r#"
        1a registers
          1a ok
        1a calls 2 in a1
          1a no: recipient_offline
          db 1 ringing
          db 1 missed offline
          push 2 missed 1
        1a calls 2 in a2
          1a no: recipient_offline
          db 2 ringing
          db 2 missed offline
          push 2 missed 1
        1a calls 2 in a3
          1a no: recipient_offline
          db 3 ringing
          db 3 missed offline
          push 2 missed 1
        1a calls 2 in a4
          1a no: recipient_offline
          db 4 ringing
          db 4 missed offline
          push 2 missed 1
        1a calls 2 in a5
          1a no: recipient_offline
          db 5 ringing
          db 5 missed offline
          push 2 missed 1
        1a calls 2 in a6
          1a no: recipient_offline
          db 6 ringing
          db 6 missed offline
          push 2 missed 1
        1a calls 2 in a7
          1a no: recipient_offline
          db 7 ringing
          db 7 missed offline
          push 2 missed 1
        1a calls 2 in a8
          1a no: recipient_offline
          db 8 ringing
          db 8 missed offline
          push 2 missed 1
        1a calls 2 in a9
          1a no: recipient_offline
          db 9 ringing
          db 9 missed offline
          push 2 missed 1
        1a calls 2 in a10
          1a no: recipient_offline
          db 10 ringing
          db 10 missed offline
          push 2 missed 1
        1a calls 2 in a11
          1a no: recipient_offline
          db 11 ringing
          db 11 missed offline
          push 2 missed 1
        1a calls 2 in a12
          1a no: recipient_offline
          db 12 ringing
          db 12 missed offline
          push 2 missed 1
        1a calls 2 in a13
          1a no: recipient_offline
          db 13 ringing
          db 13 missed offline
          push 2 missed 1
        1a calls 2 in a14
          1a no: recipient_offline
          db 14 ringing
          db 14 missed offline
          push 2 missed 1
        1a calls 2 in a15
          1a no: recipient_offline
          db 15 ringing
          db 15 missed offline
          push 2 missed 1
        1a calls 2 in a16
          1a no: recipient_offline
          db 16 ringing
          db 16 missed offline
          push 2 missed 1
        1a calls 2 in a17
          1a no: recipient_offline
          db 17 ringing
          db 17 missed offline
          push 2 missed 1
        1a calls 2 in a18
          1a no: recipient_offline
          db 18 ringing
          db 18 missed offline
          push 2 missed 1
        1a calls 2 in a19
          1a no: recipient_offline
          db 19 ringing
          db 19 missed offline
          push 2 missed 1
        1a calls 2 in a20
          1a no: recipient_offline
          db 20 ringing
          db 20 missed offline
          push 2 missed 1
        1a calls 2 in a21
          1a no: rate_limited
        1a drops
        1b registers
          1b ok
        1b calls 2 in a21
          1b no: rate_limited
        wait 60s
        1b calls 2 in a21
          1b no: recipient_offline
          db 21 ringing
          db 21 missed offline
          push 2 missed 1
        "#,
    );
}

#[test]
fn whoever_has_not_registered_is_unauthorized() {
    check(
        r#"
        1a calls 2 in r
          1a no: unauthorized
        1a ends r
          1a no: unauthorized
        1a registers
          1a ok
        1a says call:end {"roomName":"r","userId":2}
          1a no: forbidden
        1a says call:initiate {"fromId":2,"toId":3,"callType":"audio","roomName":"r","sdpOffer":"o"}
          1a no: forbidden
        1a accepts nowhere
          1a no: not_found
        1a joins nowhere
          1a no: not_found
        1a resumes nowhere
          1a no: not_found
        "#,
    );
}

#[test]
fn a_caller_in_another_call_is_not_busy_for_the_one_they_are_calling() {
    check(
        r#"
        1a registers
          1a ok
        1b registers
          1b ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls 3 in c
          1a ok call 1, rings 1
          db 1 ringing
          3a < incoming c from Name 1 #1
        3a accepts c
          3a ok call 1
          db 1 connected
          1a < answer c "answer" #2
        1b calls 2 in x
          1b ok call 2, rings 1
          db 2 ringing
          2a < incoming x from Name 1 #1
        2a calls 1 in a
          2a ok call 3, rings 2
          1b < ended x cancelled 0 s, instead a #2
          2a < ended x cancelled 0 s, instead a #3
          db 2 ended replaced
          db 3 ringing
          1a < incoming a from Name 2 #1
          1b < incoming a from Name 2 #1
        1b accepts a
          1b ok call 3
          db 3 connected
          1a < ended a answered_elsewhere by 1 0 s
          2a < answer a "answer" #2
        "#,
    );
}

#[test]
fn a_call_that_rings_is_not_given_up_for_one_that_cannot() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in x
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming x from Name 1 #1
        1a drops
        2a calls 1 in a
          2a ok call 1, rings 0, instead x
          2a < ended a cancelled 0 s, instead x
        2a accepts x
          2a ok call 1
          db 1 connected
        "#,
    );
}
