//! What the media server is ordered and tells, and what of it reaches whom.
use calls_tests::stage::check_with_media;

#[test]
fn the_offer_of_an_initiator_is_answered_by_call_answer() {
    check_with_media(
        r#"
        1a registers
          1a ok
        1a calls group 7 in g offering o1
          1a ok call 1, rings 0
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          push 3 ring
          media offer g 1.1 "o1"
          media switches g 1.1 audio
        media answers g 1.1 a1
          1a < answer g "a1" #1
        1a calls group 7 in g offering o1
          1a ok call 1, rings 0
        1a offers o2 in g for 0
          1a ok
          media offer g 1.1 "o2"
        media answers g 1.1 a2
          1a < renegotiate g answer "a2" #2
        "#,
    );
}

#[test]
fn the_media_server_is_told_what_is_switched_on() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          media offer room 2.2 "o2"
          media switches room 2.2 audio
        2a toggles room audio screen
          2a ok
          1a < media room 2 audio screen #2
          media switches room 2.2 audio screen
        2a toggles room audio
          2a ok
        2a toggles room audio video no-screen
          2a ok
          1a < media room 2 audio video #3
          media switches room 2.2 audio video
        2a toggles room audio video no-screen
          2a ok
        3a joins room
          3a ok in it: 1 2 3, sfu
          1a < joined room 3 audio #4
          2a < joined room 3 audio #4
        3a toggles room video
          3a ok
          1a < media room 3 video #5
          2a < media room 3 video #5
        3a offers o3 in room for 0
          3a ok
          media offer room 3.3 "o3"
          media switches room 3.3 video
        media refuses room 3.3
          3a < error call:renegotiate conflict
        3a offers o3 in room for 0
          3a ok
          media offer room 3.3 "o3"
          media switches room 3.3 video
        media answers room 3.3 a3
          3a < renegotiate room answer "a3" #6
        3a offers o4 in room for 0
          3a ok
          media offer room 3.3 "o4"
        "#,
    );
}

#[test]
fn wishes_go_to_the_media_server_also_about_people_who_come_later() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening
          1a ok in it: 1
        1a subscribes room 2:720
          1a no: unavailable
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          1a < room room: 1 2, sfu
          media offer room 2.1 "o2"
          media switches room 2.1 audio
        1a subscribes room 2:720
          1a no: conflict
        1a offers o1 in room for 0
          1a ok
          media offer room 1.2 "o1"
          media switches room 1.2 audio
        1a subscribes room 2:720 2:screen:1080 1:90 3:90 9:90
          1a ok
          media subscribe room 1.2 2:camera:720 2:screen:1080 3:camera:90 9:camera:90
        1a subscribes room 2:180:paused
          1a ok
          media subscribe room 1.2 2:camera:180:paused
        1a subscribes room
          1a ok
          media subscribe room 1.2
        3a subscribes room 1:90
          3a no: conflict
        "#,
    );
}

#[test]
fn news_of_a_connection_that_is_over_are_ignored() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          media offer room 2.2 "o2"
          media switches room 2.2 audio
        2a leaves room
          2a ok
          media leave room 2.2
          1a < left room 2 #2
        media answers room 2.2 a2
        media loses room 2.2
        2a joins room offering o3
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #3
          media offer room 2.3 "o3"
          media switches room 2.3 audio
        media offers room 2.2 s1
        media shows room 2.2 3:1:audio
        media refuses room 2.2
        media loses room 2.2
        media answers room 2.3 a3
          2a < answer room "a3" #4
        media answers room 2.3 again
        media answers nowhere 2.3 a3
        "#,
    );
}

#[test]
fn a_lost_media_connection_is_told_and_made_anew() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          media offer room 2.2 "o2"
          media switches room 2.2 audio
        media answers room 2.2 a2
          2a < answer room "a2" #2
        media loses room 2.2
          2a < error call:renegotiate unavailable
        2a subscribes room 1:90
          2a no: conflict
        2a answers late in room for 0
          2a no: conflict
        2a offers o3 in room for 0
          2a ok
          media offer room 2.3 "o3"
          media switches room 2.3 audio
        2a drops
          1a < reconnecting room 2 #3
        media loses room 2.3
        2a registers
          2a ok
        2a resumes room
          2a ok in it: 1 2, sfu
          1a < reconnected room 2 #4
          2a < error call:renegotiate unavailable
        2a offers o4 in room for 0
          2a ok
          media offer room 2.4 "o4"
          media switches room 2.4 audio
        "#,
    );
}

#[test]
fn whoever_is_back_hears_the_media_server_again() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          media offer room 2.2 "o2"
          media switches room 2.2 audio
        media has room 2.2
        2a drops
          1a < reconnecting room 2 #2
        media answers room 2.2 a2
        media offers room 2.2 s1
        media shows room 2.2 3:1:audio
        media wants room 2.2 180
        media hears room 1
        2a registers
          2a ok
        2a resumes room
          2a ok in it: 1 2, sfu
          1a < reconnected room 2 #4
          2a < answer room "a2" #3
          media again room 2.2
        media offers room 2.2 s1
          2a < renegotiate room offer "s1"
        media wants room 2.2 360 screen
          2a < wanted room 360 screen
        media wants room 2.1 720
        2a resumes room
          2a ok in it: 1 2, sfu
          media again room 2.2
        media wants room 2.2 0
          2a < wanted room 0
        2a answers b2 in room for 0
          2a ok
          media answer room 2.2 "b2"
        2a answers b2 in room for 0
          2a ok
        "#,
    );
}

#[test]
fn an_app_without_a_device_id_that_is_back_hears_the_media_server_again() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers without-id
          2a ok
        3a registers
          3a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          media offer room 2.2 "o2"
          media switches room 2.2 audio
        2a drops
          1a < reconnecting room 2 #2
        2b registers without-id
          2b ok
          1a < reconnected room 2 #3
          media again room 2.2
        media offers room 2.2 s1
          2b < renegotiate room offer "s1"
        "#,
    );
}

#[test]
fn another_device_that_takes_the_seat_has_no_part_in_its_media_connection() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers without-id
          2a ok
        3a registers
          3a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          media offer room 2.2 "o2"
          media switches room 2.2 audio
        2a drops
          1a < reconnecting room 2 #2
        2b registers
          2b ok
        2b resumes room
          2b ok in it: 1 2, sfu
          media leave room 2.2
          1a < reconnected room 2 #3
        media offers room 2.2 s1
        2b offers o3 in room for 0
          2b ok
          media offer room 2.3 "o3"
          media switches room 2.3 audio
        "#,
    );
}

#[test]
fn who_stays_away_or_goes_leaves_the_media_server() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          media offer room 2.2 "o2"
          media switches room 2.2 audio
        3a joins room offering o3
          3a ok in it: 1 2 3, sfu
          1a < joined room 3 audio #2
          2a < joined room 3 audio #2
          media offer room 3.3 "o3"
          media switches room 3.3 audio
        2a drops
          1a < reconnecting room 2 #3
          3a < reconnecting room 2 #3
        wait 30s
          media leave room 2.2
          1a < left room 2 #5
          3a < left room 2 #5
        3a leaves room
          3a ok
          media leave room 3.3
          1a < left room 3 #6
        1a leaves room
          1a ok
          media leave room 1.1
        "#,
    );
}

#[test]
fn a_stopping_server_takes_everybody_from_the_media_server() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          media offer room 2.2 "o2"
          media switches room 2.2 audio
        shutdown
          media leave room 1.1
          1a < ended room server_shutdown 0 s #2
          media leave room 2.2
          2a < ended room server_shutdown 0 s #3
        "#,
    );
}

#[test]
fn an_offer_that_the_media_server_refuses_is_told_by_the_event_that_brought_it() {
    check_with_media(
        r#"
        1a registers
          1a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        media refuses room 1.1
          1a < error call:join_room conflict
        1a joins room offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        media answers room 1.1 a1
          1a < answer room "a1" #1
        1a offers o2 in room for 0
          1a ok
          media offer room 1.1 "o2"
        media refuses room 1.1
          1a < error call:renegotiate conflict
        "#,
    );
}
