//! 1-1 calls: ringing, answering, declining, hanging up, and their races.
use calls_tests::stage::check;

#[test]
fn a_call_rings_is_answered_and_ends() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        1a tries x in r for 2
          1a ok
          2a < candidate r "x" of 1 #2
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #3
        2a tries y in r for 1
          2a ok
          1a < candidate r "y" of 2 #4
        wait 7s
        1a ends r
          1a ok 7 s
          2a < ended r completed by 1 7 s #5
          db 1 ended completed 7 s
        "#,
    );
}

#[test]
fn the_callee_can_hang_up_too() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        wait 61s
        2a ends r
          2a ok 61 s
          1a < ended r completed by 2 61 s #3
          db 1 ended completed 61 s
        "#,
    );
}

#[test]
fn a_call_rings_for_45_seconds() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        2b registers
          2b ok
        1a calls 2 in r
          1a ok call 1, rings 2
          db 1 ringing
          2a < incoming r from Name 1 #1
          2b < incoming r from Name 1 #1
        wait 44s
        wait 1s
          1a < ended r timeout 0 s #2
          2a < ended r missed 0 s #3
          2b < ended r missed 0 s #3
          db 1 missed timeout
          push 2 missed 1
        "#,
    );
}

#[test]
fn the_first_device_to_accept_wins_and_the_others_stop() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        2b registers
          2b ok
        2c registers
          2c ok
        1a calls 2 in r
          1a ok call 1, rings 3
          db 1 ringing
          2a < incoming r from Name 1 #1
          2b < incoming r from Name 1 #1
          2c < incoming r from Name 1 #1
        2b accepts r
          2b ok call 1
          db 1 connected
          2a < ended r answered_elsewhere by 2 0 s
          2c < ended r answered_elsewhere by 2 0 s
          1a < answer r "answer" #2
        2a accepts r
          2a no: already_answered
        2c rejects r
          2c no: already_answered
        2c ends r
          2c no: already_answered
        "#,
    );
}

#[test]
fn an_accept_sent_twice_has_one_effect() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        2a accepts r
          2a ok call 1
        "#,
    );
}

#[test]
fn a_reject_stops_every_device_and_tells_the_caller() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        2b registers
          2b ok
        1a calls 2 in r
          1a ok call 1, rings 2
          db 1 ringing
          2a < incoming r from Name 1 #1
          2b < incoming r from Name 1 #1
        2a rejects r
          2a ok
          2b < ended r declined_elsewhere by 2 0 s
          1a < rejected r declined by 2 #2
          db 1 rejected declined
        2a rejects r
          2a ok
        2b accepts r
          2b no: already_answered
        1a ends r
          1a ok 0 s
        "#,
    );
}

#[test]
fn a_busy_reject_says_busy_elsewhere() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        2b registers
          2b ok
        1a calls 2 in r
          1a ok call 1, rings 2
          db 1 ringing
          2a < incoming r from Name 1 #1
          2b < incoming r from Name 1 #1
        2a rejects r busy
          2a ok
          2b < ended r busy_elsewhere by 2 0 s
          1a < rejected r busy by 2 #2
          db 1 rejected busy
        "#,
    );
}

#[test]
fn hanging_up_before_answering_declines() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a ends r
          2a ok 0 s
          1a < rejected r declined by 2 #2
          db 1 rejected declined
        "#,
    );
}

#[test]
fn a_caller_who_gives_up_leaves_a_missed_call() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        2b registers
          2b ok
        1a calls 2 in r
          1a ok call 1, rings 2
          db 1 ringing
          2a < incoming r from Name 1 #1
          2b < incoming r from Name 1 #1
        1a ends r cancelled
          1a ok 0 s
          2a < ended r cancelled by 1 0 s #2
          2b < ended r cancelled by 1 0 s #2
          db 1 ended cancelled
          push 2 missed 1
        2a accepts r
          2a no: expired
        1a ends r cancelled
          1a ok 0 s
        "#,
    );
}

#[test]
fn an_accept_after_the_time_out_learns_that_it_is_too_late() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        wait 45s
          1a < ended r timeout 0 s #2
          2a < ended r missed 0 s #3
          db 1 missed timeout
          push 2 missed 1
        2a accepts r
          2a no: expired
        2a rejects r
          2a no: expired
        2a resumes r
          2a no: expired
        wait 46s
        2a accepts r
          2a no: not_found
        "#,
    );
}

#[test]
fn a_call_that_fails_says_so() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1a ends r failed
          1a ok 0 s
          2a < ended r failed by 1 0 s #3
          db 1 ended failed 0 s
        "#,
    );
}

#[test]
fn an_end_sent_twice_has_one_effect() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        wait 2s
        1a ends r
          1a ok 2 s
          2a < ended r completed by 1 2 s #3
          db 1 ended completed 2 s
        1a ends r
          1a ok 2 s
        2a ends r
          2a ok 2 s
        "#,
    );
}

#[test]
fn leaving_a_1_1_call_ends_it() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        2a leaves r
          2a ok
          1a < ended r completed by 2 0 s #3
          db 1 ended completed 0 s
        "#,
    );
}

#[test]
fn joining_a_1_1_call_tells_its_state_and_changes_nothing() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a joins r
          2a ok in it: 1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1a joins r
          1a ok in it: 1 2
        2a joins r
          2a ok in it: 1 2
        "#,
    );
}

#[test]
fn only_the_called_one_answers_or_declines() {
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
        1a accepts r
          1a no: forbidden
        1a rejects r
          1a no: forbidden
        3a accepts r
          3a no: forbidden
        3a rejects r
          3a no: forbidden
        3a ends r
          3a no: forbidden
        3a joins r
          3a no: forbidden
        3a tries x in r for 1
          3a no: forbidden
        3a resumes r
          3a no: forbidden
        "#,
    );
}

#[test]
fn nobody_calls_themself() {
    check(
        r#"
        1a registers
          1a ok
        1a calls 1 in r
          1a no: bad_request
        "#,
    );
}

#[test]
fn a_room_name_is_taken_once() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        4a registers
          4a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        3a calls 4 in r
          3a no: conflict
        3a calls group 7 in r
          3a no: conflict
        1a calls 3 in r
          1a no: conflict
        1a calls 2 in r
          1a ok call 1, rings 1
        "#,
    );
}

#[test]
fn a_dial_sent_twice_rings_once() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        1a calls 2 in r
          1a ok call 1, rings 1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1a calls 2 in r
          1a ok call 1, rings 1
        1a ends r
          1a ok 0 s
          2a < ended r completed by 1 0 s #3
          db 1 ended completed 0 s
        1a calls 2 in r
          1a no: expired
        "#,
    );
}
