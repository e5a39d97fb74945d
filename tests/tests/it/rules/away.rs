//! Lost sockets: grace, resume, devices with and without an id.
use calls_tests::stage::check;

#[test]
fn a_lost_device_resumes_and_hears_what_it_missed() {
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
        1a drops
          2a < reconnecting r 1 #3
        2a tries y in r for 1
          2a ok
        2a toggles r audio
          2a ok
        wait 12s
        1a registers
          1a ok
        1a resumes r after #2
          1a ok in it: 1 2
          2a < reconnected r 1 #6
          1a < candidate r "y" of 2 #4
          1a < media r 2 audio #5
        2a ends r
          2a ok 12 s
          1a < ended r completed by 2 12 s #7
          db 1 ended completed 12 s
        "#,
    );
}

#[test]
fn what_was_on_its_way_when_the_socket_died_is_sent_again() {
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
        2a tries y in r for 1
          2a ok
          1a < candidate r "y" of 2 #3
        1a drops
          2a < reconnecting r 1 #4
        1a registers
          1a ok
        1a resumes r after #2
          1a ok in it: 1 2
          2a < reconnected r 1 #5
          1a < candidate r "y" of 2 #3
        1a resumes r after #2
          1a ok in it: 1 2
        "#,
    );
}

#[test]
fn a_device_that_does_not_know_where_it_stopped_hears_what_it_surely_missed() {
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
        1a drops
          2a < reconnecting r 1 #3
        2a tries y in r for 1
          2a ok
        1a registers
          1a ok
        1a resumes r
          1a ok in it: 1 2
          2a < reconnected r 1 #5
          1a < candidate r "y" of 2 #4
        "#,
    );
}

#[test]
fn a_device_that_speaks_before_it_resumes_hears_everything_once() {
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
        1a drops
          2a < reconnecting r 1 #4
        2a tries y in r for 1
          2a ok
        1a registers
          1a ok
        1a toggles r audio
          1a ok
          2a < reconnected r 1 #6
          1a < candidate r "y" of 2 #5
          2a < media r 1 audio #7
        2a tries z in r for 1
          2a ok
          1a < candidate r "z" of 2 #8
        1a resumes r after #2
          1a ok in it: 1 2
          1a < candidate r "x" of 2 #3
        1a resumes r after #2
          1a ok in it: 1 2
        "#,
    );
}

#[test]
fn a_device_that_does_not_come_back_ends_the_call() {
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
        wait 10s
        1a drops
          2a < reconnecting r 1 #3
        wait 30s
          2a < ended r failed by 1 40 s #4
          db 1 ended lost 40 s
        1a registers
          1a ok
        1a resumes r after #2
          1a no: expired
          1a < ended r failed by 1 40 s #5
        1a resumes r after #2
          1a no: expired
        "#,
    );
}

#[test]
fn both_gone_ends_the_call_too() {
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
        1a drops
          2a < reconnecting r 1 #3
        2a drops
        wait 30s
          db 1 ended lost 30 s
        2a registers
          2a ok
        2a resumes r
          2a no: expired
          2a < ended r failed by 1 30 s #5
        "#,
    );
}

#[test]
fn a_caller_who_drops_while_it_rings_may_come_back() {
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
        1a drops
        2a accepts r
          2a ok call 1
          db 1 connected
        1a registers
          1a ok
        1a resumes r after #1
          1a ok in it: 1 2
          2a < reconnected r 1 #3
          1a < answer r "answer" #2
        "#,
    );
}

#[test]
fn a_caller_who_stays_away_while_it_rings_leaves_a_missed_call() {
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
        1a drops
        wait 30s
          2a < ended r cancelled by 1 0 s #2
          db 1 missed lost
          push 2 missed 1
        2a accepts r
          2a no: expired
        "#,
    );
}

#[test]
fn a_callee_who_drops_while_it_rings_rings_again_on_return() {
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
        2a drops
        wait 3s
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
fn a_callee_who_was_away_at_the_end_hears_of_it() {
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
        2a drops
        1a ends r
          1a ok 0 s
          db 1 ended cancelled
          push 2 missed 1
        2a registers
          2a ok
        2a resumes r after #1
          2a no: expired
          2a < ended r cancelled by 1 0 s #2
        "#,
    );
}

#[test]
fn an_app_without_device_ids_takes_its_seat_again_by_registering() {
    check(
        r#"
        1a registers without-id
          1a ok
        2a registers without-id
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1a drops
          2a < reconnecting r 1 #3
        2a tries y in r for 1
          2a ok
        1a registers without-id
          1a ok
          2a < reconnected r 1 #5
          1a < candidate r "y" of 2 #4
        1a ends r
          1a ok 0 s
          2a < ended r completed by 1 0 s #6
          db 1 ended completed 0 s
        "#,
    );
}

#[test]
fn an_app_without_device_ids_hears_of_the_end_by_registering() {
    check(
        r#"
        1a registers without-id
          1a ok
        2a registers without-id
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1a drops
          2a < reconnecting r 1 #3
        2a ends r
          2a ok 0 s
          db 1 ended completed 0 s
        1a registers without-id
          1a ok
          1a < ended r completed by 2 0 s #4
        1a drops
        1a registers without-id
          1a ok
        "#,
    );
}

#[test]
fn a_second_phone_does_not_take_the_seat_of_the_first() {
    check(
        r#"
        1a registers
          1a ok
        1b registers
          1b ok
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
        1a drops
          2a < reconnecting r 1 #3
        1b resumes r
          1b no: already_answered
          1b < ended r answered_elsewhere by 1 0 s
        1b toggles r audio
          1b no: already_answered
        1b ends r
          1b no: already_answered
        1a registers
          1a ok
        1a resumes r after #2
          1a ok in it: 1 2
          2a < reconnected r 1 #4
        "#,
    );
}

#[test]
fn a_new_socket_of_the_same_device_takes_the_place_of_the_old() {
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
        1x says call:register {"userId":1,"deviceId":"1a"}
          1x ok
          1a is closed
          2a < reconnecting r 1 #3
        1x resumes r after #2
          1x ok in it: 1 2
          2a < reconnected r 1 #4
        1a ends r
          1a no: unauthorized
        1x ends r
          1x ok 0 s
          2a < ended r completed by 1 0 s #5
          db 1 ended completed 0 s
        "#,
    );
}

#[test]
fn a_resume_elsewhere_learns_who_answered() {
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
        2b drops
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        2b registers
          2b ok
        2b resumes r after #1
          2b no: already_answered
          2b < ended r answered_elsewhere by 2 0 s
        "#,
    );
}

#[test]
fn an_app_may_change_its_user_on_one_socket() {
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
        1a says call:register {"userId":3}
          1a ok
          2a < reconnecting r 1 #3
        wait 30s
          2a < ended r failed by 1 30 s #4
          db 1 ended lost 30 s
        "#,
    );
}

#[test]
fn an_app_without_device_ids_that_changed_its_network_goes_on_by_its_new_socket() {
    check(
        r#"
        1a registers without-id
          1a ok
        2a registers without-id
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1b registers without-id
          1b ok
        2a tries y in r for 1
          2a ok
          1a < candidate r "y" of 2 #3
        1b toggles r audio
          1b ok
          1b < candidate r "y" of 2 #3
          2a < media r 1 audio #4
        1a drops
        2a ends r
          2a ok 0 s
          1b < ended r completed by 2 0 s #5
          db 1 ended completed 0 s
        "#,
    );
}

#[test]
fn the_new_socket_of_an_app_without_device_ids_takes_over_when_the_old_one_is_missed() {
    check(
        r#"
        1a registers without-id
          1a ok
        2a registers without-id
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1b registers without-id
          1b ok
        2a tries y in r for 1
          2a ok
          1a < candidate r "y" of 2 #3
        1a drops
          1b < candidate r "y" of 2 #3
        wait 60s
        1b ends r
          1b ok 60 s
          2a < ended r completed by 1 60 s #4
          db 1 ended completed 60 s
        "#,
    );
}

#[test]
fn an_app_without_device_ids_cannot_answer_for_another_that_is_away() {
    check(
        r#"
        1a registers
          1a ok
        2a registers without-id
          2a ok
        2b registers without-id
          2b ok
        1a calls 2 in r
          1a ok call 1, rings 2
          db 1 ringing
          2a < incoming r from Name 1 #1
          2b < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          2b < ended r answered_elsewhere by 2 0 s
          1a < answer r "answer" #2
        2a drops
          1a < reconnecting r 2 #3
        2b says call:accept {"roomName":"r","userId":2,"sdpAnswer":"another answer"}
          2b no: already_answered
        2b says call:accept {"roomName":"r","userId":2,"sdpAnswer":"answer"}
          2b ok call 1
          1a < reconnected r 2 #4
        "#,
    );
}
