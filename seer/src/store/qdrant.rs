//! The store beyond one machine: Qdrant over gRPC.
//!
//! Delivery: an upsert returns when Qdrant has applied the points (`wait=true`); its own log makes them durable there.
//! The collection's metadata hold what it was made with, so that any seer can tell.

use std::{collections::HashMap, time::Duration};

use anyhow::Context;
use futures::future::BoxFuture;
use qdrant_client::{
    Payload as QdrantPayload, Qdrant, QdrantError,
    qdrant::{
        Condition, CountPointsBuilder, CreateAliasBuilder, CreateCollectionBuilder,
        CreateFieldIndexCollectionBuilder, Distance, FieldType, Modifier, NamedVectors,
        PointStruct, Query as Nearest, QueryBatchPointsBuilder, QueryPoints, QueryPointsBuilder,
        Range, ScoredPoint, SparseVectorParamsBuilder, SparseVectorsConfigBuilder,
        UpsertPointsBuilder, Vector, VectorInput, VectorParamsBuilder, VectorsConfigBuilder,
    },
};
use serde_json::json;
use url::Url;

use super::{
    Alias, CollectionSpec, Filter, Found, FoundLists, Point, Query, StoreError, StoreResult,
    VectorStore,
};

const DENSE: &str = "dense";
const SPARSE: &str = "sparse";
/// The key of the collection's metadata under which its [`CollectionSpec`] stands.
const METADATA_KEY: &str = "kafkloud";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Of one call. An upsert waits until Qdrant has applied it.
const TIMEOUT: Duration = Duration::from_secs(15);

pub struct QdrantStore {
    client: Qdrant,
    /// Without user and password, should somebody have put any into the URL.
    address: String,
    alias: Alias,
}

impl QdrantStore {
    /// Connects when it is first asked for something.
    pub fn connect(url: &Url, api_key: Option<&str>, alias: Alias) -> anyhow::Result<Self> {
        let client = Qdrant::from_url(url.as_str())
            .api_key(api_key)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // It would connect now, and print to the terminal.
            .skip_compatibility_check()
            .build()
            .context("QDRANT_URL")?;
        let mut address = url.clone();
        // Refused for addresses that cannot have them.
        let _ = address.set_username("");
        let _ = address.set_password(None);
        Ok(Self {
            client,
            address: address.to_string().trim_end_matches('/').to_owned(),
            alias,
        })
    }

    async fn create_collection(&self, name: &str, spec: &CollectionSpec) -> StoreResult<()> {
        let mut dense = VectorsConfigBuilder::default();
        let params = VectorParamsBuilder::new(spec.dimension as u64, Distance::Cosine);
        dense.add_named_vector_params(DENSE, params.on_disk(true));
        let mut sparse = SparseVectorsConfigBuilder::default();
        let params = SparseVectorParamsBuilder::default().modifier(Modifier::Idf);
        sparse.add_named_vector_params(SPARSE, params);
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), json!(spec))]);
        let create = CreateCollectionBuilder::new(name)
            .vectors_config(dense)
            .sparse_vectors_config(sparse)
            .on_disk_payload(true)
            .metadata(metadata);
        self.client.create_collection(create).await.map_err(error)?;
        for (field, kind) in [
            ("topic", FieldType::Keyword),
            ("timestamp", FieldType::Integer),
        ] {
            let index = CreateFieldIndexCollectionBuilder::new(name, field, kind).wait(true);
            self.client.create_field_index(index).await.map_err(error)?;
        }
        Ok(())
    }

    async fn read_spec(&self, name: &str) -> StoreResult<CollectionSpec> {
        let info = self.client.collection_info(name).await.map_err(error)?;
        let mut config = info.result.and_then(|info| info.config);
        let spec = config
            .as_mut()
            .and_then(|config| config.metadata.remove(METADATA_KEY));
        let spec = spec.ok_or_else(|| {
            StoreError::Away(format!(
                "the collection “{name}” was not made by a seer: set SEER_COLLECTION to another name"
            ))
        })?;
        serde_json::from_value(spec.into_json())
            .map_err(|error| StoreError::Away(format!("metadata of “{name}”: {error}")))
    }

    async fn own_collections(&self) -> StoreResult<Vec<String>> {
        let list = self.client.list_collections().await.map_err(error)?;
        let names = list.collections.into_iter().map(|described| described.name);
        let mut names: Vec<String> = names.filter(|name| self.alias.owns(name)).collect();
        names.sort();
        Ok(names)
    }

    async fn read_alias(&self) -> StoreResult<Option<String>> {
        let list = self.client.list_aliases().await.map_err(error)?;
        let mut aliases = list.aliases.into_iter();
        Ok(aliases
            .find(|alias| alias.alias_name == self.alias.as_str())
            .map(|alias| alias.collection_name))
    }

    async fn upsert_points(&self, collection: String, points: Vec<Point>) -> StoreResult<()> {
        let points: Vec<PointStruct> = points
            .into_iter()
            .map(qdrant_point)
            .collect::<StoreResult<_>>()?;
        let upsert = UpsertPointsBuilder::new(collection, points).wait(true);
        self.client.upsert_points(upsert).await.map_err(error)?;
        Ok(())
    }

    async fn search_lists(&self, collection: String, query: Query) -> StoreResult<FoundLists> {
        let filter = qdrant_filter(&query.filter);
        let request = |name: &str, nearest: Nearest| -> QueryPoints {
            let mut request = QueryPointsBuilder::new(&collection)
                .query(nearest)
                .using(name)
                .limit(query.limit as u64)
                .with_payload(true);
            if let Some(filter) = &filter {
                request = request.filter(filter.clone());
            }
            request.into()
        };
        let mut requests = Vec::with_capacity(2);
        let searches_dense = query.dense.is_some();
        if let Some(vector) = query.dense {
            requests.push(request(DENSE, Nearest::new_nearest(vector)));
        }
        if let Some(vector) = query.sparse.filter(|vector| !vector.indices.is_empty()) {
            let vector = VectorInput::new_sparse(vector.indices, vector.values);
            requests.push(request(SPARSE, Nearest::new_nearest(vector)));
        }
        if requests.is_empty() {
            return Ok(FoundLists::default());
        }
        let batch = QueryBatchPointsBuilder::new(&collection, requests);
        let answer = self.client.query_batch(batch).await.map_err(error)?;
        let mut lists = answer
            .result
            .into_iter()
            .map(|list| list.result.into_iter().map(found_point).collect());
        let mut next = || lists.next().unwrap_or(Ok(Vec::new()));
        Ok(FoundLists {
            dense: if searches_dense { next()? } else { Vec::new() },
            sparse: next()?,
        })
    }
}

impl VectorStore for QdrantStore {
    fn name(&self) -> String {
        self.address.clone()
    }

    fn alias(&self) -> &Alias {
        &self.alias
    }

    fn create(&self, collection: String, spec: CollectionSpec) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move { self.create_collection(&collection, &spec).await })
    }

    fn delete(&self, collection: String) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            // Of a collection that is not there Qdrant answers with `result: false`, which is no error.
            self.client
                .delete_collection(collection)
                .await
                .map_err(error)?;
            Ok(())
        })
    }

    fn collections(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(self.own_collections())
    }

    fn spec(&self, collection: String) -> BoxFuture<'_, StoreResult<CollectionSpec>> {
        Box::pin(async move { self.read_spec(&collection).await })
    }

    fn current(&self) -> BoxFuture<'_, StoreResult<Option<String>>> {
        Box::pin(self.read_alias())
    }

    fn set_current(&self, collection: String) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            // An alias that is there already is moved.
            let alias = CreateAliasBuilder::new(collection, self.alias.as_str());
            self.client.create_alias(alias).await.map_err(error)?;
            Ok(())
        })
    }

    fn upsert(&self, collection: String, points: Vec<Point>) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.upsert_points(collection, points))
    }

    fn search(&self, collection: String, query: Query) -> BoxFuture<'_, StoreResult<FoundLists>> {
        Box::pin(self.search_lists(collection, query))
    }

    fn count(&self, collection: String) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            let count = CountPointsBuilder::new(collection).exact(true);
            let answer = self.client.count(count).await.map_err(error)?;
            Ok(answer.result.map_or(0, |result| result.count))
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

fn qdrant_point(point: Point) -> StoreResult<PointStruct> {
    let payload = QdrantPayload::try_from(json!(point.payload)).map_err(error)?;
    let mut vectors = NamedVectors::default().add_vector(DENSE, Vector::new_dense(point.dense));
    if !point.sparse.indices.is_empty() {
        let sparse = Vector::new_sparse(point.sparse.indices, point.sparse.values);
        vectors = vectors.add_vector(SPARSE, sparse);
    }
    Ok(PointStruct::new(point.id.to_string(), vectors, payload))
}

fn qdrant_filter(filter: &Filter) -> Option<qdrant_client::qdrant::Filter> {
    let mut must = Vec::new();
    if !filter.topics.is_empty() {
        must.push(Condition::matches("topic", filter.topics.clone()));
    }
    if filter.since_ms.is_some() || filter.until_ms.is_some() {
        // Milliseconds have an exact form as a float for 285,000 years.
        let range = Range {
            gte: filter.since_ms.map(|time| time as f64),
            lt: filter.until_ms.map(|time| time as f64),
            ..Range::default()
        };
        must.push(Condition::range("timestamp", range));
    }
    (!must.is_empty()).then(|| qdrant_client::qdrant::Filter::must(must))
}

fn found_point(point: ScoredPoint) -> StoreResult<Found> {
    let payload = QdrantPayload::from(point.payload)
        .deserialize()
        .map_err(|error| StoreError::Away(format!("a point is not one of ours: {error}")))?;
    Ok(Found {
        payload,
        score: point.score,
    })
}

/// Whether it is what was given that is wrong, by the gRPC code; a connection that fails is an internal error to the client.
fn error(error: QdrantError) -> StoreError {
    let status = match &error {
        QdrantError::ResponseError { status } => status,
        QdrantError::ResourceExhaustedError { status, .. } => status,
        QdrantError::Io(error) => return StoreError::Away(error.to_string()),
        _ => return StoreError::Refused(error.to_string()),
    };
    // Behind the address of a connection that fails, the client prints how its transport is made inside.
    let message = status.message().split(": tonic::").next();
    let message = message.unwrap_or_default().to_owned();
    match i32::from(status.code()) {
        // Invalid argument, already exists, out of range, unimplemented.
        3 | 6 | 11 | 12 => StoreError::Refused(message),
        // Permission denied, unauthenticated.
        7 | 16 => StoreError::Away(format!("{message}: check QDRANT_API_KEY")),
        _ => StoreError::Away(message),
    }
}
