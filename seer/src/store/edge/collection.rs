//! One collection in the engine: what it is made of, what goes in and what is found.

use std::{
    fs,
    num::NonZeroUsize,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use parking_lot::RwLock;
use qdrant_edge::{
    AnyVariants, Condition, CountRequest, CreateIndex, Distance, EdgeConfig, EdgeOptimizersConfig,
    EdgeShard, EdgeSparseVectorParams, EdgeVectorParams, FieldCondition, FieldIndexOperations,
    HnswIndexConfig, IntegerIndexParams, JsonPath, KeywordIndexParams, Match, MatchAny, Memory,
    Modifier, NamedQuery, OperationError, PayloadFieldSchema, PayloadSchemaParams, PointId,
    PointInsertOperations, PointOperations, PointStruct, QueryBatchRequest, QueryEnum,
    QueryRequest, Range, ScoredPoint, ScoringQuery, UpdateOperation, Vector, Vectors, WalOptions,
    WithPayloadInterface,
    external::{ordered_float::OrderedFloat, serde_json},
};

use crate::store::{
    CollectionSpec, Filter, Found, FoundLists, Payload, Point, Query, SparseVector, StoreError,
    StoreResult,
};

const DENSE: &str = "dense";
const SPARSE: &str = "sparse";

/// Threads that look through segments at the same time.
const SEARCH_THREADS: usize = 2;
/// Segments that are aimed at. Fewer are searched faster, and rewritten more often while points come in.
const SEGMENTS: usize = 4;
/// Vectors of a segment, in KB, from which on it gets a graph: about 13,000 of 384 components. Fewer are looked through
/// one by one in 3 ms.
const GRAPH_FROM_KB: usize = 20_000;
/// The log is emptied every second: it need not be large, and its pages count as memory.
const LOG_SEGMENT_BYTES: usize = 4 * 1024 * 1024;
/// New points after which it is worth to look whether segments should be rewritten.
const UNTIDY_POINTS: usize = 2_000;

pub(super) struct Collection {
    shard: EdgeShard,
    /// Written to since the last flush.
    dirty: AtomicBool,
    /// Points since segments were last looked at.
    untidy: AtomicUsize,
    /// Read-locked by who works on the files; who deletes them waits.
    working: RwLock<()>,
}

impl Collection {
    pub(super) fn create(folder: &Path, spec: &CollectionSpec) -> StoreResult<Self> {
        let shard = EdgeShard::new(folder, config(spec)).map_err(error)?;
        for (field, params) in [
            (
                "topic",
                PayloadSchemaParams::Keyword(KeywordIndexParams::default()),
            ),
            (
                "timestamp",
                PayloadSchemaParams::Integer(IntegerIndexParams {
                    lookup: Some(false),
                    range: Some(true),
                    // Times are asked for in ranges that no graph can foresee.
                    enable_hnsw: Some(false),
                    ..IntegerIndexParams::default()
                }),
            ),
        ] {
            let index = FieldIndexOperations::CreateIndex(CreateIndex {
                field_name: path(field)?,
                field_schema: Some(PayloadFieldSchema::FieldParams(params)),
            });
            shard
                .update(UpdateOperation::FieldIndexOperation(index))
                .map_err(error)?;
        }
        shard.flush().map_err(error)?;
        Ok(Self::of(shard))
    }

    pub(super) fn load(folder: &Path, spec: &CollectionSpec) -> StoreResult<Self> {
        // Of a rewriting that was interrupted; the engine forgets it.
        let _ = fs::remove_dir_all(folder.join("temp_segments"));
        let shard = EdgeShard::load(folder, Some(config(spec))).map_err(|error| {
            StoreError::Away(format!(
                "{} cannot be opened: {error}. Delete the folder and start `kafkloud reindex` to make the index anew from Kafka",
                folder.display()
            ))
        })?;
        Ok(Self::of(shard))
    }

    fn of(shard: EdgeShard) -> Self {
        Self {
            shard,
            dirty: AtomicBool::new(false),
            // Segments may have been left as they were by a crash.
            untidy: AtomicUsize::new(UNTIDY_POINTS),
            working: RwLock::new(()),
        }
    }

    pub(super) fn upsert(&self, points: Vec<Point>) -> StoreResult<()> {
        let count = points.len();
        let points = points
            .into_iter()
            .map(|point| Ok(edge_point(point)?.into()))
            .collect::<StoreResult<_>>()?;
        let upsert = PointOperations::UpsertPoints(PointInsertOperations::PointsList(points));
        self.shard
            .update(UpdateOperation::PointOperation(upsert))
            .map_err(error)?;
        self.untidy.fetch_add(count, Ordering::Relaxed);
        self.dirty.store(true, Ordering::Release);
        Ok(())
    }

    pub(super) fn search(&self, query: Query) -> StoreResult<FoundLists> {
        let filter = edge_filter(&query.filter)?;
        let request = |vector: Vector, name: &str| {
            let mut request = QueryRequest::new(query.limit);
            let nearest = QueryEnum::Nearest(NamedQuery::new(vector.0, name));
            request.query = Some(ScoringQuery::Vector(nearest));
            request.filter = filter.clone();
            request.with_payload = WithPayloadInterface::Bool(true);
            request
        };
        let mut queries = Vec::with_capacity(2);
        let dense = query.dense.map(Vector::new_dense);
        let searches_dense = dense.is_some();
        queries.extend(dense.map(|vector| request(vector, DENSE)));
        // The engine has no answer to a query of no words.
        let sparse = query.sparse.filter(|vector| !vector.indices.is_empty());
        if let Some(vector) = sparse {
            queries.push(request(edge_sparse(vector)?, SPARSE));
        }
        if queries.is_empty() {
            return Ok(FoundLists::default());
        }
        let found = self
            .shard
            .query_batch(QueryBatchRequest { queries })
            .map_err(error)?;
        let mut lists = found
            .into_iter()
            .map(|list| list.into_iter().map(found_point).collect());
        let mut next = || lists.next().unwrap_or(Ok(Vec::new()));
        Ok(FoundLists {
            dense: if searches_dense { next()? } else { Vec::new() },
            sparse: next()?,
        })
    }

    pub(super) fn count(&self) -> StoreResult<u64> {
        let count = self.shard.count(CountRequest::new()).map_err(error)?;
        Ok(count as u64)
    }

    /// Waits until nobody works on the files any more.
    pub(super) fn rest(&self) {
        drop(self.working.write());
    }

    /// Writes out what came in, so that a power cut loses nothing of it and the next start has nothing to repeat.
    pub(super) fn flush(&self) -> StoreResult<()> {
        if !self.dirty.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let _working = self.working.read();
        self.shard.flush().map_err(|e| {
            self.dirty.store(true, Ordering::Release);
            error(e)
        })
    }

    /// Merges segments and makes graphs where enough points came in. Points come in and are found meanwhile.
    pub(super) fn tidy(&self) -> StoreResult<()> {
        if self.untidy.load(Ordering::Relaxed) < UNTIDY_POINTS {
            return Ok(());
        }
        self.untidy.store(0, Ordering::Relaxed);
        let _working = self.working.read();
        if self.shard.optimize().map_err(error)? {
            self.shard.flush().map_err(error)?;
        }
        Ok(())
    }
}

fn config(spec: &CollectionSpec) -> EdgeConfig {
    let dense = EdgeVectorParams::builder(spec.dimension, Distance::Cosine)
        .memory(Memory::Cold)
        .build();
    let sparse = EdgeSparseVectorParams::builder()
        .modifier(Modifier::Idf)
        .memory(Memory::Cold)
        .build();
    EdgeConfig::builder()
        .vector(DENSE, dense)
        .sparse_vector(SPARSE, sparse)
        // Files that the kernel keeps in memory as long as it has some to spare.
        .payload_memory(Memory::Cold)
        .hnsw_config(HnswIndexConfig {
            // A background task: the other cores are for whoever waits.
            max_indexing_threads: 1,
            ..HnswIndexConfig::default()
        })
        .optimizers(EdgeOptimizersConfig {
            default_segment_number: Some(SEGMENTS),
            indexing_threshold: Some(GRAPH_FROM_KB),
            ..EdgeOptimizersConfig::default()
        })
        .wal_options(WalOptions {
            segment_capacity: LOG_SEGMENT_BYTES,
            segment_queue_len: 0,
            retain_closed: NonZeroUsize::MIN,
        })
        .max_search_threads(SEARCH_THREADS)
        .build()
}

fn edge_point(point: Point) -> StoreResult<PointStruct> {
    let payload = serde_json::to_value(&point.payload)
        .map_err(|error| StoreError::Refused(error.to_string()))?;
    let mut vectors = vec![(DENSE, Vector::new_dense(point.dense))];
    // A text of stop words alone has no words to be found by.
    if !point.sparse.indices.is_empty() {
        vectors.push((SPARSE, edge_sparse(point.sparse)?));
    }
    Ok(PointStruct::new(
        PointId::Uuid(point.id),
        Vectors::new_named(vectors),
        payload,
    ))
}

fn edge_sparse(vector: SparseVector) -> StoreResult<Vector> {
    Vector::new_sparse(vector.indices, vector.values).map_err(error)
}

fn edge_filter(filter: &Filter) -> StoreResult<Option<qdrant_edge::Filter>> {
    let mut must = Vec::new();
    if !filter.topics.is_empty() {
        let any = AnyVariants::Strings(filter.topics.iter().cloned().collect());
        let topics = FieldCondition::new_match(path("topic")?, Match::Any(MatchAny { any }));
        must.push(Condition::Field(topics));
    }
    if filter.since_ms.is_some() || filter.until_ms.is_some() {
        // Milliseconds have an exact form as a float for 285,000 years.
        let bound = |time: Option<i64>| time.map(|time| OrderedFloat(time as f64));
        let range = Range {
            gte: bound(filter.since_ms),
            lt: bound(filter.until_ms),
            gt: None,
            lte: None,
        };
        let times = FieldCondition::new_range(path("timestamp")?, range);
        must.push(Condition::Field(times));
    }
    Ok((!must.is_empty()).then(|| qdrant_edge::Filter {
        must: Some(must),
        ..qdrant_edge::Filter::default()
    }))
}

fn found_point(point: ScoredPoint) -> StoreResult<Found> {
    let payload = point.payload.unwrap_or_default();
    let payload: Payload = serde_json::from_value(serde_json::Value::Object(payload.0))
        .map_err(|error| StoreError::Away(format!("a point is not one of ours: {error}")))?;
    Ok(Found {
        payload,
        score: point.score,
    })
}

fn path(field: &str) -> StoreResult<JsonPath> {
    field
        .parse()
        .map_err(|()| StoreError::Refused(format!("{field} is no path")))
}

/// What fails for want of disk or memory may succeed later; a wrong request will not.
fn error(error: OperationError) -> StoreError {
    match error {
        OperationError::ServiceError { .. }
        | OperationError::OutOfMemory { .. }
        | OperationError::Timeout { .. }
        | OperationError::Cancelled { .. } => StoreError::Away(error.to_string()),
        _ => StoreError::Refused(error.to_string()),
    }
}
