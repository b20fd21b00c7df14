//! Qdrant's points and questions as the embedded store has them.

use ::qdrant_client::{Payload as QdrantPayload, qdrant::*};
use seer::store::{
    Filter as StoreFilter, Found, Point, Query as StoreQuery, SparseVector as Words,
};

pub(super) fn store_point(point: PointStruct) -> Point {
    let Some(point_id::PointIdOptions::Uuid(id)) = point.id.unwrap().point_id_options else {
        panic!("ids are UUIDs");
    };
    let Some(vectors::VectorsOptions::Vectors(named)) = point.vectors.unwrap().vectors_options
    else {
        panic!("vectors have names");
    };
    let (mut dense, mut sparse) = (Vec::new(), Words::default());
    for (name, vector) in named.vectors {
        match (name.as_str(), vector.vector) {
            ("dense", Some(vector::Vector::Dense(vector))) => dense = vector.data,
            ("sparse", Some(vector::Vector::Sparse(vector))) => {
                sparse = Words {
                    indices: vector.indices,
                    values: vector.values,
                }
            }
            other => panic!("{other:?}"),
        }
    }
    Point {
        id: id.parse().unwrap(),
        dense,
        sparse,
        payload: QdrantPayload::from(point.payload).deserialize().unwrap(),
    }
}

pub(super) fn store_query(query: QueryPoints) -> StoreQuery {
    let mut wanted = StoreQuery {
        filter: query.filter.map(store_filter).unwrap_or_default(),
        limit: query.limit.unwrap() as usize,
        ..Default::default()
    };
    let Some(query::Variant::Nearest(nearest)) = query.query.unwrap().variant else {
        panic!("only what is nearest is asked for");
    };
    match (query.using.as_deref(), nearest.variant) {
        (Some("dense"), Some(vector_input::Variant::Dense(vector))) => {
            wanted.dense = Some(vector.data);
        }
        (Some("sparse"), Some(vector_input::Variant::Sparse(vector))) => {
            wanted.sparse = Some(Words {
                indices: vector.indices,
                values: vector.values,
            });
        }
        other => panic!("{other:?}"),
    }
    wanted
}

fn store_filter(filter: Filter) -> StoreFilter {
    let mut wanted = StoreFilter::default();
    for condition in filter.must {
        let Some(condition::ConditionOneOf::Field(field)) = condition.condition_one_of else {
            panic!("only fields are asked for");
        };
        match field.key.as_str() {
            "topic" => {
                let Some(r#match::MatchValue::Keywords(topics)) =
                    field.r#match.unwrap().match_value
                else {
                    panic!("topics are a list");
                };
                wanted.topics = topics.strings;
            }
            "timestamp" => {
                let range = field.range.unwrap();
                assert!(range.gt.is_none() && range.lte.is_none());
                wanted.since_ms = range.gte.map(|time| time as i64);
                wanted.until_ms = range.lt.map(|time| time as i64);
            }
            other => panic!("{other}"),
        }
    }
    wanted
}

pub(super) fn scored_point(found: Found) -> ScoredPoint {
    let payload = serde_json::to_value(found.payload).unwrap();
    ScoredPoint {
        payload: QdrantPayload::try_from(payload).unwrap().into(),
        score: found.score,
        ..Default::default()
    }
}
