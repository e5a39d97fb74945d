//! What two people in a call send each other: candidates, descriptions, media toggles, measurements.
use calls_tests::stage::check;

#[test]
fn media_toggles_reach_the_other_side_once() {
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
        1a toggles r audio
          1a ok
          2a < media r 1 audio #3
        1a toggles r audio
          1a ok
        1a toggles r audio video
          1a ok
          2a < media r 1 audio video #4
        "#,
    );
}

#[test]
fn candidates_of_a_ringing_device_wait_for_its_answer() {
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
        2a tries early-a in r for 1
          2a ok
        2b tries early-b in r for 1
          2b ok
        2a tries early-a in r for 1
          2a ok
        2b accepts r
          2b ok call 1
          db 1 connected
          2a < ended r answered_elsewhere by 2 0 s
          1a < answer r "answer" #2
          1a < candidate r "early-b" of 2 #3
        "#,
    );
}

#[test]
fn a_device_that_comes_late_rings_with_the_candidates_so_far() {
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
        1a tries y in r for 2
          1a ok
          2a < candidate r "y" of 1 #3
        wait 10s
        2b registers
          2b ok, rings: r
          2b < incoming r from Name 1 #1
          2b < candidate r "x" of 1 #2
          2b < candidate r "y" of 1 #3
        2b accepts r
          2b ok call 1
          db 1 connected
          2a < ended r answered_elsewhere by 2 0 s
          1a < answer r "answer" #4
        "#,
    );
}

#[test]
fn a_candidate_sent_twice_is_forwarded_once() {
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
        2a tries x in r for 1
          2a ok
          1a < candidate r "x" of 2 #3
        2a tries x in r for 1
          2a ok
        "#,
    );
}

#[test]
fn a_candidate_for_somebody_else_goes_nowhere() {
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
        1a tries x in r for 3
          1a no: not_found
        1a tries x in r for 1
          1a no: not_found
        1a tries x in r
          1a ok
          2a < candidate r "x" of 1 #2
        "#,
    );
}

#[test]
fn renegotiation_passes_both_ways_once_the_call_is_answered() {
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
        1a offers early in r for 2
          1a no: conflict
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1a offers restart in r for 2
          1a ok
          2a < renegotiate r offer "restart" #3
        1a offers restart in r for 2
          1a ok
        2a answers restart-answer in r for 1
          2a ok
          1a < renegotiate r answer "restart-answer" #4
        1a offers again in r for 2
          1a ok
          2a < renegotiate r offer "again" #5
        1a offers restart in r for 2
          1a ok
        1a offers x in r for 3
          1a no: not_found
        1a offers x in r for 0
          1a no: unavailable
        "#,
    );
}

#[test]
fn statistics_are_kept_once_in_five_seconds_a_user() {
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
        1a measures r
          1a ok
          db 1 statistics
        1a measures r
          1a ok
        2a measures r
          2a ok
          db 1 statistics
        wait 5s
        1a measures r
          1a ok
          db 1 statistics
        "#,
    );
}

#[test]
fn there_is_nothing_to_subscribe_to_without_a_media_server() {
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
        1a subscribes r
          1a no: unavailable
        "#,
    );
}

#[test]
fn what_was_switched_while_it_rang_is_known_after_the_answer() {
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
        1a toggles r audio
          1a ok
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
          2a < media r 1 audio #3
        "#,
    );
}
