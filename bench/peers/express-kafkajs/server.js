// POST /produce/:topic → Kafka, answered after the acknowledgement of all in-sync replicas.
const express = require("express");
const { Kafka, Partitioners, logLevel } = require("kafkajs");

async function main() {
  const kafka = new Kafka({ brokers: [process.env.KAFKA_BROKER], logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();

  const app = express();
  app.disable("x-powered-by");
  // The body goes through as it is, which is also cheaper than parsing it.
  app.use(express.text({ type: () => true, limit: "1mb" }));
  app.get("/ready", (request, response) => response.send("ok"));
  app.post("/produce/:topic", async (request, response) => {
    const [ack] = await producer.send({
      topic: request.params.topic,
      acks: -1,
      messages: [{ value: request.body }],
    });
    response
      .status(201)
      .json({ topic: ack.topicName, partition: ack.partition, offset: ack.baseOffset });
  });
  app.listen(Number(process.env.SERVER_PORT), "127.0.0.1");
}

main();
