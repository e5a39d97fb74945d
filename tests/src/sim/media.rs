//! A media server as the rules know it: it answers what it is offered, a little later, and offers on its own.
use super::Random;
use calls_protocol::{ErrorCode, Refusal, Sdp, Speaker, StreamKind, StreamPlace};
use calls_server::calls::{MediaNews, MediaOrder};

/// What follows from an order, and after how many milliseconds each.
pub(super) fn news_after(order: &MediaOrder, random: &mut Random) -> Vec<(u64, MediaNews)> {
    let seat = order.seat().clone();
    let offer = |number: u64| Sdp::from_json(&format!("\"server {number}\"")).expect("a string is an offer");
    let streams = vec![StreamPlace { mid: "3".into(), user_id: seat.user, kind: StreamKind::Audio }];
    match order {
        MediaOrder::Offer { sdp, .. } => {
            // In the order of the offers: always after the same time.
            let answer = if random.one_in(8) {
                let refusal = Refusal::new(ErrorCode::Conflict, "an offer of the server is on its way");
                MediaNews::Refused { seat: seat.clone(), refusal }
            } else {
                MediaNews::Answer { seat: seat.clone(), sdp: sdp.clone() }
            };
            let mut news = vec![(20, answer), (200, MediaNews::Connected { seat: seat.clone() })];
            news.push((250, MediaNews::Offer { seat: seat.clone(), sdp: offer(random.below(1000)) }));
            news.push((260, MediaNews::Streams { seat: seat.clone(), streams }));
            let camera = [0, 180, 720][random.below(3) as usize];
            news.push((280, MediaNews::Wanted { seat: seat.clone(), camera, screen: random.one_in(2) }));
            let speakers = vec![Speaker { user_id: seat.user, level: 0.5 }];
            let dominant = Some(seat.user);
            news.push((300, MediaNews::Speakers { room: seat.room.clone(), dominant, speakers }));
            if random.one_in(6) {
                news.push((1_000 + random.below(20_000), MediaNews::Gone { seat }));
            }
            news
        }
        MediaOrder::Again { .. } => vec![
            (5, MediaNews::Offer { seat: seat.clone(), sdp: offer(0) }),
            (5, MediaNews::Streams { seat, streams }),
        ],
        MediaOrder::Answer { .. }
        | MediaOrder::Subscribe { .. }
        | MediaOrder::Media { .. }
        | MediaOrder::Leave { .. } => Vec::new(),
    }
}
