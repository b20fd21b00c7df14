//! What librdkafka can ask of the broker and rdkafka does not wrap: the committed offsets of another group, moving them,
//! topic ids, and tokens. Each call blocks until its timeout at most.
#![allow(unsafe_code)]

use std::{
    ffi::{CStr, CString, c_char},
    ptr,
    time::Duration,
};

use rdkafka::{
    TopicPartitionList, bindings as native,
    client::{Client, ClientContext, OAuthToken},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
};
use uuid::Uuid;

/// A librdkafka object and the function that frees it.
struct Owned<T>(*mut T, unsafe extern "C" fn(*mut T));

impl<T> Owned<T> {
    fn new(pointer: *mut T, free: unsafe extern "C" fn(*mut T)) -> KafkaResult<Self> {
        present(pointer)?;
        Ok(Self(pointer, free))
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: `new` checked the pointer, it is freed only here, and `free` is the function made for it.
        unsafe { (self.1)(self.0) }
    }
}

type Event = Owned<native::rd_kafka_event_t>;

fn failed(code: RDKafkaErrorCode) -> KafkaError {
    KafkaError::AdminOp(code)
}

/// Null where librdkafka has no object to give, or the answer is of another kind.
fn present<T>(pointer: *const T) -> KafkaResult<()> {
    if pointer.is_null() {
        return Err(failed(RDKafkaErrorCode::Fail));
    }
    Ok(())
}

/// Sends one admin request and waits for its result event.
fn request<C: ClientContext>(
    client: &Client<C>,
    operation: native::rd_kafka_admin_op_t,
    timeout: Duration,
    send: impl FnOnce(
        *mut native::rd_kafka_t,
        *mut native::rd_kafka_AdminOptions_t,
        *mut native::rd_kafka_queue_t,
    ),
) -> KafkaResult<Event> {
    let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let handle = client.native_ptr();
    // SAFETY: `handle` outlives this call through `client`; options, queue and event are freed by their `Owned`, in an
    // order librdkafka allows (an event does not refer to its queue).
    unsafe {
        let options = Owned::new(
            native::rd_kafka_AdminOptions_new(handle, operation),
            native::rd_kafka_AdminOptions_destroy,
        )?;
        native::rd_kafka_AdminOptions_set_request_timeout(
            options.0,
            timeout_ms,
            ptr::null_mut(),
            0,
        );
        let queue = Owned::new(
            native::rd_kafka_queue_new(handle),
            native::rd_kafka_queue_destroy,
        )?;
        send(handle, options.0, queue.0);
        // The request has its own timeout; the margin lets its error arrive instead of nothing.
        let event = native::rd_kafka_queue_poll(queue.0, timeout_ms.saturating_add(200));
        let event = Owned::new(event, native::rd_kafka_event_destroy)
            .map_err(|_| failed(RDKafkaErrorCode::OperationTimedOut))?;
        check(native::rd_kafka_event_error(event.0))?;
        Ok(event)
    }
}

fn check(code: native::rd_kafka_resp_err_t) -> KafkaResult<()> {
    match code {
        native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        code => Err(failed(code.into())),
    }
}

/// # Safety
/// `error` is null, which is none, or an object of librdkafka that lives through the call.
unsafe fn check_error(error: *const native::rd_kafka_error_t) -> KafkaResult<()> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: by this function's own contract.
    check(unsafe { native::rd_kafka_error_code(error) })
}

/// What `group` has committed: topic, partition, next offset.
pub(crate) fn committed_offsets<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    timeout: Duration,
) -> KafkaResult<Vec<(String, i32, i64)>> {
    let group = CString::new(group)?;
    // SAFETY: the request copies the name; a null partition list asks for all partitions.
    let mut query = unsafe {
        Owned::new(
            native::rd_kafka_ListConsumerGroupOffsets_new(group.as_ptr(), ptr::null()),
            native::rd_kafka_ListConsumerGroupOffsets_destroy,
        )?
    };
    let event = request(
        client,
        native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
        timeout,
        // SAFETY: all pointers are alive until `request` has the answer; the array has one element.
        |handle, options, queue| unsafe {
            native::rd_kafka_ListConsumerGroupOffsets(handle, &mut query.0, 1, options, queue);
        },
    )?;
    let mut committed = Vec::new();
    // SAFETY: the result and all it points to belong to `event`, which lives until the end of this function; the
    // counts are librdkafka's own.
    unsafe {
        let result = native::rd_kafka_event_ListConsumerGroupOffsets_result(event.0);
        present(result)?;
        let mut count = 0;
        let groups = native::rd_kafka_ListConsumerGroupOffsets_result_groups(result, &mut count);
        for index in 0..count {
            let group = *groups.add(index);
            check_error(native::rd_kafka_group_result_error(group))?;
            let partitions = native::rd_kafka_group_result_partitions(group);
            if partitions.is_null() {
                continue;
            }
            for index in 0..(*partitions).cnt as usize {
                let partition = &*(*partitions).elems.add(index);
                // Negative: nothing committed.
                if partition.offset >= 0 {
                    committed.push((text(partition.topic), partition.partition, partition.offset));
                }
            }
        }
    }
    Ok(committed)
}

/// Moves what `group` has committed. The broker refuses while the group has members.
pub(crate) fn alter_offsets<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    offsets: &TopicPartitionList,
    timeout: Duration,
) -> KafkaResult<()> {
    let group = CString::new(group)?;
    // SAFETY: the request copies the name and the list.
    let mut change = unsafe {
        Owned::new(
            native::rd_kafka_AlterConsumerGroupOffsets_new(group.as_ptr(), offsets.ptr()),
            native::rd_kafka_AlterConsumerGroupOffsets_destroy,
        )?
    };
    let event = request(
        client,
        native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS,
        timeout,
        // SAFETY: as in `committed_offsets`.
        |handle, options, queue| unsafe {
            native::rd_kafka_AlterConsumerGroupOffsets(handle, &mut change.0, 1, options, queue);
        },
    )?;
    // SAFETY: as in `committed_offsets`.
    unsafe {
        let result = native::rd_kafka_event_AlterConsumerGroupOffsets_result(event.0);
        present(result)?;
        let mut count = 0;
        let groups = native::rd_kafka_AlterConsumerGroupOffsets_result_groups(result, &mut count);
        for index in 0..count {
            let group = *groups.add(index);
            check_error(native::rd_kafka_group_result_error(group))?;
            let partitions = native::rd_kafka_group_result_partitions(group);
            if partitions.is_null() {
                continue;
            }
            for index in 0..(*partitions).cnt as usize {
                check((*(*partitions).elems.add(index)).err)?;
            }
        }
    }
    Ok(())
}

/// The ids of `topics` that exist; brokers that know no topic ids answer with none.
pub(crate) fn topic_ids<C: ClientContext>(
    client: &Client<C>,
    topics: &[&str],
    timeout: Duration,
) -> KafkaResult<Vec<(String, Uuid)>> {
    let names = topics
        .iter()
        .map(|topic| CString::new(*topic))
        .collect::<Result<Vec<_>, _>>()?;
    let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    // SAFETY: the collection copies the names.
    let collection = unsafe {
        Owned::new(
            native::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len()),
            native::rd_kafka_TopicCollection_destroy,
        )?
    };
    let event = request(
        client,
        native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
        timeout,
        // SAFETY: all pointers are alive until `request` has the answer.
        |handle, options, queue| unsafe {
            native::rd_kafka_DescribeTopics(handle, collection.0, options, queue);
        },
    )?;
    let mut ids = Vec::new();
    // SAFETY: as in `committed_offsets`.
    unsafe {
        let result = native::rd_kafka_event_DescribeTopics_result(event.0);
        present(result)?;
        let mut count = 0;
        let descriptions = native::rd_kafka_DescribeTopics_result_topics(result, &mut count);
        for index in 0..count {
            let description = *descriptions.add(index);
            if check_error(native::rd_kafka_TopicDescription_error(description)).is_err() {
                continue;
            }
            let id = native::rd_kafka_TopicDescription_topic_id(description);
            if id.is_null() {
                continue;
            }
            let id = Uuid::from_u64_pair(
                native::rd_kafka_Uuid_most_significant_bits(id) as u64,
                native::rd_kafka_Uuid_least_significant_bits(id) as u64,
            );
            if !id.is_nil() {
                ids.push((
                    text(native::rd_kafka_TopicDescription_name(description)),
                    id,
                ));
            }
        }
    }
    Ok(ids)
}

/// What a client shows the broker from now on. For clients whose own wish for a token nobody hears.
pub(crate) fn set_token<C: ClientContext>(
    client: &Client<C>,
    token: &OAuthToken,
) -> KafkaResult<()> {
    let text = CString::new(token.token.as_str())?;
    let principal = CString::new(token.principal_name.as_str())?;
    let mut reason: [c_char; 256] = [0; 256];
    // SAFETY: the handle outlives the call through `client`, which copies the strings; there are no extensions.
    let code = unsafe {
        native::rd_kafka_oauthbearer_set_token(
            client.native_ptr(),
            text.as_ptr(),
            token.lifetime_ms,
            principal.as_ptr(),
            ptr::null_mut(),
            0,
            reason.as_mut_ptr(),
            reason.len(),
        )
    };
    check(code)
}

/// # Safety
/// `pointer` is null or a string that ends in NUL and lives through the call.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: by this function's own contract.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}
