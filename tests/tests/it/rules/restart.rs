//! A server that stops, and the one after it: what the database knew goes on, or ends.
use calls_tests::stage::check;

#[test]
fn a_ringing_call_rings_on_after_a_restart() {
    check(
        r#"
        restore 5 from 1 to 2 in r ringing
        1a registers
          1a ok
        2a registers
          2a ok, rings: r
          2a < incoming r from User 1 #1
        2a accepts r
          2a ok call 5
          db 5 connected
        1a resumes r
          1a ok in it: 1 2
          2a < reconnected r 1 #3
          1a < answer r "answer" #2
        "#,
    );
}

#[test]
fn a_ringing_call_that_nobody_takes_after_a_restart_ends() {
    check(
        r#"
        restore 5 from 1 to 2 in r ringing
        2a registers
          2a ok, rings: r
          2a < incoming r from User 1 #1
        wait 45s
          2a < ended r cancelled by 1 0 s #2
          db 5 missed lost
          push 2 missed 1
        "#,
    );
}

#[test]
fn a_connected_call_goes_on_after_a_restart() {
    check(
        r#"
        restore 5 from 1 to 2 in r connected
        1a registers
          1a ok
        1a resumes r
          1a ok in it: 1 2
        2a registers
          2a ok
        2a resumes r
          2a ok in it: 1 2
          1a < reconnected r 2 #1
          2a < reconnected r 1 #0
        wait 4s
        2a ends r
          2a ok 7 s
          1a < ended r completed by 2 7 s #2
          db 5 ended completed 7 s
        "#,
    );
}

#[test]
fn a_connected_call_to_which_nobody_returns_ends() {
    check(
        r#"
        restore 5 from 1 to 2 in r connected
        1a registers
          1a ok
        1a resumes r
          1a ok in it: 1 2
        wait 30s
          1a < ended r failed by 2 33 s #1
          db 5 ended lost 33 s
        "#,
    );
}

#[test]
fn a_group_call_goes_on_after_a_restart() {
    check(
        r#"
        restore 5 group 7 in g with 1 2
          push 3 ring
        1a registers
          1a ok
        1a resumes g
          1a ok in it: 1 2
        2a registers
          2a ok
        2a resumes g
          2a ok in it: 1 2
          1a < reconnected g 2 #1
          2a < reconnected g 1 #0
        3a registers
          3a ok, rings: g
          3a < incoming g from User 1 in Climbers #-1
        3a joins g
          3a ok in it: 1 2 3
          db group 5 joined 3
          1a < joined g 3 audio video #2
          2a < joined g 3 audio video #2
        "#,
    );
}

#[test]
fn a_group_call_in_which_nobody_was_ends_at_the_restart() {
    check(
        r#"
        restore 5 group 7 in g with
          push 1 missed 1
          push 2 missed 1
          push 3 missed 1
          db group 5 ended failed
        "#,
    );
}

#[test]
fn a_group_call_to_which_nobody_returns_ends() {
    check(
        r#"
        restore 5 group 7 in g with 1 2
          push 3 ring
        wait 30s
          db group 5 left 1
          db group 5 left 2
          push 3 missed 1
          db group 5 ended completed
        "#,
    );
}

#[test]
fn a_stopping_server_starts_no_call_and_keeps_those_that_run() {
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
        stop
        3a calls 4 in s
          3a no: unavailable
        3a calls group 7 in g
          3a no: unavailable
        3a joins room opening
          3a no: unavailable
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
fn a_server_that_keeps_nothing_tells_everyone_that_it_stops() {
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
        3a joins room opening
          3a ok in it: 3
        shutdown
          1a < ended r server_shutdown 0 s #3
          2a < ended r server_shutdown 0 s #4
          db 1 ended server_shutdown 0 s
          3a < ended room server_shutdown 0 s #1
        1a calls 2 in s
          1a no: unavailable
        "#,
    );
}
