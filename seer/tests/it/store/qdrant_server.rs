//! What the store uses of Qdrant's gRPC, over the server traits of its client, backed by the embedded store.

use std::{net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use ::qdrant_client::qdrant::{
    collections_server::{Collections, CollectionsServer},
    points_server::{Points, PointsServer},
    *,
};
use seer::store::{Alias, CollectionSpec, EdgeStore, SharedStore, StoreError};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};
use tonic::{Request, Response, Status, transport::server::TcpIncoming};

use super::qdrant_points::{scored_point, store_point, store_query};

pub(crate) const API_KEY: &str = "a key";
/// Listed beside the store's own, and never to be touched.
const FOREIGN_COLLECTION: &str = "test-other-people-s";

pub(crate) struct QdrantServer {
    pub(crate) url: String,
    address: SocketAddr,
    /// Its own, so that connections end with it.
    runtime: Option<Runtime>,
    _folder: TempDir,
}

#[derive(Clone)]
struct Service {
    store: SharedStore,
}

impl QdrantServer {
    pub(crate) async fn start(alias: Alias) -> Self {
        Self::start_at(free_ports::address(), alias).await
    }

    pub(crate) async fn start_at(address: SocketAddr, alias: Alias) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let bind = async move {
            loop {
                match TcpListener::bind(address).await {
                    Ok(listener) => break listener,
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        let listener = runtime.spawn(bind).await.unwrap();
        let address = listener.local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store: SharedStore = Arc::new(EdgeStore::open(folder.path(), alias).unwrap());
        let service = Service { store };
        let collections = CollectionsServer::with_interceptor(service.clone(), authenticate);
        let points = PointsServer::with_interceptor(service, authenticate);
        runtime.spawn(async move {
            let server = tonic::transport::Server::builder()
                .add_service(collections)
                .add_service(points)
                .serve_with_incoming(TcpIncoming::from(listener));
            server.await.unwrap();
        });
        Self {
            url: format!("http://{address}"),
            address,
            runtime: Some(runtime),
            _folder: folder,
        }
    }

    /// With its connections. Returns where it listened.
    pub(crate) fn stop(self) -> SocketAddr {
        self.address
    }
}

impl Drop for QdrantServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn authenticate(request: Request<()>) -> Result<Request<()>, Status> {
    match request.metadata().get("api-key") {
        Some(key) if key == API_KEY => Ok(request),
        _ => Err(Status::unauthenticated("Invalid API key or JWT")),
    }
}

fn status(error: StoreError) -> Status {
    match error {
        StoreError::Away(reason) if reason.starts_with("there is no") => Status::not_found(reason),
        StoreError::Away(reason) => Status::unavailable(reason),
        StoreError::Refused(reason) => Status::invalid_argument(reason),
    }
}

type Answer<T> = Result<T, Status>;

impl Service {
    async fn create_collection(
        &self,
        request: CreateCollection,
    ) -> Answer<CollectionOperationResponse> {
        let Some(vectors_config::Config::ParamsMap(dense)) =
            request.vectors_config.and_then(|config| config.config)
        else {
            return Err(Status::invalid_argument("no named vectors"));
        };
        let params = &dense.map["dense"];
        assert_eq!(params.distance(), Distance::Cosine);
        let sparse = request.sparse_vectors_config.unwrap();
        assert_eq!(sparse.map["sparse"].modifier(), Modifier::Idf);
        let metadata = request.metadata["kafkloud"].clone().into_json();
        let spec: CollectionSpec = serde_json::from_value(metadata).unwrap();
        assert_eq!(spec.dimension as u64, params.size);
        let created = self.store.create(request.collection_name, spec).await;
        created.map_err(status)?;
        Ok(CollectionOperationResponse {
            result: true,
            ..Default::default()
        })
    }

    async fn describe(
        &self,
        request: GetCollectionInfoRequest,
    ) -> Answer<GetCollectionInfoResponse> {
        let spec = self
            .store
            .spec(request.collection_name)
            .await
            .map_err(status)?;
        let metadata = serde_json::to_value(spec).unwrap().into();
        let config = CollectionConfig {
            metadata: [("kafkloud".to_owned(), metadata)].into(),
            ..Default::default()
        };
        Ok(GetCollectionInfoResponse {
            result: Some(CollectionInfo {
                config: Some(config),
                ..Default::default()
            }),
            ..Default::default()
        })
    }

    async fn list_names(&self, _: ListCollectionsRequest) -> Answer<ListCollectionsResponse> {
        let mut names = self.store.collections().await.map_err(status)?;
        names.push(FOREIGN_COLLECTION.to_owned());
        let described = names.into_iter().map(|name| CollectionDescription { name });
        Ok(ListCollectionsResponse {
            collections: described.collect(),
            ..Default::default()
        })
    }

    async fn drop_collection(
        &self,
        request: DeleteCollection,
    ) -> Answer<CollectionOperationResponse> {
        assert_ne!(request.collection_name, FOREIGN_COLLECTION);
        let deleted = self.store.delete(request.collection_name).await;
        deleted.map_err(status)?;
        Ok(CollectionOperationResponse::default())
    }

    async fn change_alias(&self, request: ChangeAliases) -> Answer<CollectionOperationResponse> {
        for change in request.actions {
            let Some(alias_operations::Action::CreateAlias(alias)) = change.action else {
                return Err(Status::unimplemented("other changes of aliases"));
            };
            assert_eq!(alias.alias_name, self.store.alias().as_str());
            let moved = self.store.set_current(alias.collection_name).await;
            moved.map_err(status)?;
        }
        Ok(CollectionOperationResponse::default())
    }

    async fn list_all_aliases(&self, _: ListAliasesRequest) -> Answer<ListAliasesResponse> {
        let current = self.store.current().await.map_err(status)?;
        let aliases = current.map(|collection_name| AliasDescription {
            alias_name: self.store.alias().to_string(),
            collection_name,
        });
        Ok(ListAliasesResponse {
            aliases: aliases.into_iter().collect(),
            ..Default::default()
        })
    }

    async fn index_field(&self, _: CreateFieldIndexCollection) -> Answer<PointsOperationResponse> {
        Ok(PointsOperationResponse::default())
    }

    async fn upsert_points(&self, request: UpsertPoints) -> Answer<PointsOperationResponse> {
        assert_eq!(request.wait, Some(true));
        let points = request.points.into_iter().map(store_point).collect();
        let written = self.store.upsert(request.collection_name, points).await;
        written.map_err(status)?;
        Ok(PointsOperationResponse::default())
    }

    async fn count_points(&self, request: CountPoints) -> Answer<CountResponse> {
        let count = self
            .store
            .count(request.collection_name)
            .await
            .map_err(status)?;
        Ok(CountResponse {
            result: Some(CountResult { count }),
            ..Default::default()
        })
    }

    async fn query_lists(&self, request: QueryBatchPoints) -> Answer<QueryBatchResponse> {
        let mut result = Vec::new();
        for query in request.query_points {
            let collection = query.collection_name.clone();
            let found = self.store.search(collection, store_query(query)).await;
            let found = found.map_err(status)?;
            let list = found.dense.into_iter().chain(found.sparse);
            result.push(BatchResult {
                result: list.map(scored_point).collect(),
            });
        }
        Ok(QueryBatchResponse {
            result,
            ..Default::default()
        })
    }
}

/// What an `async fn` of the server's traits really is.
type Call<'a, T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send + 'a>>;

macro_rules! calls {
    ($($name:ident($request:ty) -> $response:ty $(= $method:ident)?;)*) => {$(
        fn $name<'service, 'call>(&'service self, request: Request<$request>) -> Call<'call, $response>
        where
            'service: 'call,
            Self: 'call,
        {
            calls!(@answer self, request, $name $(, $method)?)
        }
    )*};
    (@answer $self:ident, $request:ident, $name:ident) => {{
        drop($request);
        Box::pin(async { Err(Status::unimplemented(stringify!($name))) })
    }};
    (@answer $self:ident, $request:ident, $name:ident, $method:ident) => {
        Box::pin(async move { $self.$method($request.into_inner()).await.map(Response::new) })
    };
}

impl Collections for Service {
    calls! {
        get(GetCollectionInfoRequest) -> GetCollectionInfoResponse = describe;
        list(ListCollectionsRequest) -> ListCollectionsResponse = list_names;
        create(CreateCollection) -> CollectionOperationResponse = create_collection;
        update(UpdateCollection) -> CollectionOperationResponse;
        delete(DeleteCollection) -> CollectionOperationResponse = drop_collection;
        update_aliases(ChangeAliases) -> CollectionOperationResponse = change_alias;
        list_collection_aliases(ListCollectionAliasesRequest) -> ListAliasesResponse;
        list_aliases(ListAliasesRequest) -> ListAliasesResponse = list_all_aliases;
        collection_cluster_info(CollectionClusterInfoRequest) -> CollectionClusterInfoResponse;
        collection_exists(CollectionExistsRequest) -> CollectionExistsResponse;
        update_collection_cluster_setup(UpdateCollectionClusterSetupRequest) -> UpdateCollectionClusterSetupResponse;
        create_shard_key(CreateShardKeyRequest) -> CreateShardKeyResponse;
        delete_shard_key(DeleteShardKeyRequest) -> DeleteShardKeyResponse;
        list_shard_keys(ListShardKeysRequest) -> ListShardKeysResponse;
    }
}

impl Points for Service {
    calls! {
        upsert(UpsertPoints) -> PointsOperationResponse = upsert_points;
        delete(DeletePoints) -> PointsOperationResponse;
        get(GetPoints) -> GetResponse;
        update_vectors(UpdatePointVectors) -> PointsOperationResponse;
        delete_vectors(DeletePointVectors) -> PointsOperationResponse;
        set_payload(SetPayloadPoints) -> PointsOperationResponse;
        overwrite_payload(SetPayloadPoints) -> PointsOperationResponse;
        delete_payload(DeletePayloadPoints) -> PointsOperationResponse;
        clear_payload(ClearPayloadPoints) -> PointsOperationResponse;
        create_field_index(CreateFieldIndexCollection) -> PointsOperationResponse = index_field;
        delete_field_index(DeleteFieldIndexCollection) -> PointsOperationResponse;
        create_vector_name(CreateVectorNameRequest) -> PointsOperationResponse;
        delete_vector_name(DeleteVectorNameRequest) -> PointsOperationResponse;
        search(SearchPoints) -> SearchResponse;
        search_batch(SearchBatchPoints) -> SearchBatchResponse;
        search_groups(SearchPointGroups) -> SearchGroupsResponse;
        scroll(ScrollPoints) -> ScrollResponse;
        recommend(RecommendPoints) -> RecommendResponse;
        recommend_batch(RecommendBatchPoints) -> RecommendBatchResponse;
        recommend_groups(RecommendPointGroups) -> RecommendGroupsResponse;
        discover(DiscoverPoints) -> DiscoverResponse;
        discover_batch(DiscoverBatchPoints) -> DiscoverBatchResponse;
        count(CountPoints) -> CountResponse = count_points;
        update_batch(UpdateBatchPoints) -> UpdateBatchResponse;
        query(QueryPoints) -> QueryResponse;
        query_batch(QueryBatchPoints) -> QueryBatchResponse = query_lists;
        query_groups(QueryPointGroups) -> QueryGroupsResponse;
        facet(FacetCounts) -> FacetResponse;
        search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse;
        search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse;
    }
}
