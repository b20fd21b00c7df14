"""POST /produce/{topic} → Kafka, answered after the acknowledgement of all in-sync replicas."""

import os
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer
from fastapi import FastAPI, Request


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.producer = AIOKafkaProducer(bootstrap_servers=os.environ["KAFKA_BROKER"], acks="all")
    await app.state.producer.start()
    yield
    await app.state.producer.stop()


app = FastAPI(lifespan=lifespan)


@app.get("/ready")
async def ready():
    return "ok"


@app.post("/produce/{topic}", status_code=201)
async def produce(topic: str, request: Request):
    ack = await app.state.producer.send_and_wait(topic, await request.body())
    return {"topic": ack.topic, "partition": ack.partition, "offset": ack.offset}
