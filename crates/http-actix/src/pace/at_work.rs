//! The place of a call among those at work, from the gate until its answer has been sent or nobody waits for it.
//!
//! It travels in the request's extensions and then in the body of the answer. A client that goes away drops the one or
//! the other, and so does a request that takes too long.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use tenantry_quotas::concurrency::Place;

/// Leaves the place with the request.
pub(crate) fn occupy(request: &HttpRequest, place: Option<Place>) {
    if let Some(place) = place {
        request.extensions_mut().insert(place);
    }
}

/// Moves the place from the request to the body of its answer.
pub(crate) fn keep_place(answer: HttpResponse, request: &HttpRequest) -> HttpResponse {
    let Some(place) = request.extensions_mut().remove::<Place>() else {
        return answer;
    };
    answer.map_body(|_, body| BoxBody::new(Placed { body, _place: place }))
}

/// A body that has a place as long as it is being sent.
struct Placed {
    body: BoxBody,
    _place: Place,
}

impl MessageBody for Placed {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use actix_web::test::TestRequest;

    use super::*;

    fn place() -> (Place, Arc<AtomicBool>) {
        let free = Arc::new(AtomicBool::new(false));
        let given_back = Arc::clone(&free);
        let place = Place::new(move || given_back.store(true, Ordering::SeqCst));
        (place, free)
    }

    #[test]
    fn a_place_is_kept_until_the_answer_has_been_sent() {
        let (place, free) = place();
        let request = TestRequest::default().to_http_request();

        occupy(&request, Some(place));
        let answer = keep_place(HttpResponse::Ok().body("all of it"), &request);
        drop(request);

        assert!(!free.load(Ordering::SeqCst));
        assert_eq!(answer.body().size(), BodySize::Sized(9));
        drop(answer);
        assert!(free.load(Ordering::SeqCst));
    }

    #[test]
    fn a_request_that_is_given_up_gives_its_place_back() {
        let (place, free) = place();
        let request = TestRequest::default().to_http_request();

        occupy(&request, Some(place));
        drop(request);

        assert!(free.load(Ordering::SeqCst));
    }
}
