//! The two questions to the broker that librdkafka answers and rdkafka does not wrap: the committed offsets of another
//! group, and topic ids. Each call blocks until its timeout at most.
#![allow(unsafe_code)]

use std::{
    ffi::{CStr, CString, c_char},
    ptr,
    time::Duration,
};

use anyhow::{Context, anyhow, ensure};
use rdkafka::{
    bindings as native,
    client::{Client, ClientContext},
};
use uuid::Uuid;

/// A librdkafka object and the function that frees it.
struct Owned<T>(*mut T, unsafe extern "C" fn(*mut T));

impl<T> Owned<T> {
    fn new(pointer: *mut T, free: unsafe extern "C" fn(*mut T)) -> anyhow::Result<Self> {
        ensure!(!pointer.is_null(), "librdkafka returned no object");
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
) -> anyhow::Result<Event> {
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
            .map_err(|_| anyhow!("no answer within {timeout_ms} ms"))?;
        let code = native::rd_kafka_event_error(event.0);
        if code != native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            let text = text(native::rd_kafka_event_error_string(event.0));
            return Err(anyhow!(text));
        }
        Ok(event)
    }
}

/// What `group` has committed: topic, partition, next offset.
pub(crate) fn committed_offsets<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    timeout: Duration,
) -> anyhow::Result<Vec<(String, i32, i64)>> {
    let group = CString::new(group).context("group name")?;
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
        ensure!(!result.is_null(), "the answer is of another kind");
        let mut count = 0;
        let groups = native::rd_kafka_ListConsumerGroupOffsets_result_groups(result, &mut count);
        for index in 0..count {
            let group = *groups.add(index);
            let error = native::rd_kafka_group_result_error(group);
            if !error.is_null() {
                let text = text(native::rd_kafka_error_string(error));
                return Err(anyhow!(text));
            }
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

/// The ids of `topics` that exist; brokers that know no topic ids answer with none.
pub(crate) fn topic_ids<C: ClientContext>(
    client: &Client<C>,
    topics: &[&str],
    timeout: Duration,
) -> anyhow::Result<Vec<(String, Uuid)>> {
    let names = topics
        .iter()
        .map(|topic| CString::new(*topic))
        .collect::<Result<Vec<_>, _>>()
        .context("topic name")?;
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
        ensure!(!result.is_null(), "the answer is of another kind");
        let mut count = 0;
        let descriptions = native::rd_kafka_DescribeTopics_result_topics(result, &mut count);
        for index in 0..count {
            let description = *descriptions.add(index);
            let error = native::rd_kafka_TopicDescription_error(description);
            let no_error = native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
            if !error.is_null() && native::rd_kafka_error_code(error) != no_error {
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
