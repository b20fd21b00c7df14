//! The command line: the commands, and what all of them understand.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use service::Secret;

use crate::{
    commands::{
        ask::AskArgs, demo::DemoArgs, groups::GroupsArgs, life::LifeArgs, load::LoadArgs,
        messages::MessagesArgs, produce::ProduceArgs, reindex::ReindexArgs, search::SearchArgs,
        status::StatusArgs, tail::TailArgs, teach::TeachArgs, top::TopArgs, topics::TopicsArgs,
        up::UpArgs,
    },
    endpoints::Endpoints,
    exit::{EXIT_CODES, Failure},
    output::Output,
};

/// Send events to Kafka, see what becomes of each, and ask what they say
#[derive(Debug, Parser)]
#[command(name = "kafkloud", version, after_help = EXIT_CODES, after_long_help = after_help())]
#[command(arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything in this process: streamer, producer, consumer, seer and portal
    #[command(after_help = help::UP)]
    Up(UpArgs),
    /// Send one message, or every line of a file or of standard input
    #[command(after_help = help::PRODUCE)]
    Produce(ProduceArgs),
    /// Show messages as they arrive
    #[command(after_help = help::TAIL)]
    Tail(TailArgs),
    /// Look for old messages, by time, key, text or a jq expression
    #[command(after_help = help::MESSAGES)]
    Messages(MessagesArgs),
    /// Watch the running platform on a full screen: topics, groups, the flow, live messages
    #[command(after_help = help::TOP)]
    Top(TopArgs),
    /// Tell the life of one message, or the whole stream in numbers
    #[command(after_help = help::STATUS)]
    Status(StatusArgs),
    /// Show where a message spent its time, or which messages are stuck or failed
    #[command(after_help = help::LIFE)]
    Life(LifeArgs),
    /// Ask a question; the answer cites the messages that prove it
    #[command(after_help = help::ASK)]
    Ask(AskArgs),
    /// Show what the seer finds, and why
    #[command(after_help = help::SEARCH)]
    Search(SearchArgs),
    /// Teach the seer a statement
    #[command(after_help = help::TEACH)]
    Teach(TeachArgs),
    /// Teach the seer what is in files
    #[command(after_help = help::LOAD)]
    Load(LoadArgs),
    /// Rebuild the seer's index from the log, while answers stay up
    #[command(after_help = help::REINDEX)]
    Reindex(ReindexArgs),
    /// List, create, describe and delete Kafka topics
    #[command(after_help = help::TOPICS)]
    Topics(TopicsArgs),
    /// List, describe, reset and delete consumer groups
    #[command(after_help = help::GROUPS)]
    Groups(GroupsArgs),
    /// Push a file through and prove that each acknowledged message is consumed, none twice
    #[command(after_help = help::DEMO)]
    Demo(DemoArgs),
    /// Print a script that completes this program's commands in a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell to write the script for
        shell: Shell,
    },
}

/// Options that stand before or after any command.
#[derive(Args, Clone, Debug)]
pub struct GlobalArgs {
    /// Print JSON, for programs: one value, or one a line where there are many
    #[arg(long, global = true, help_heading = HEADING)]
    pub json: bool,
    /// Print results only: no progress, no hints
    #[arg(long, short, global = true, help_heading = HEADING)]
    pub quiet: bool,
    /// Where the producer is [default: http://127.0.0.1:8000 + port offset]
    #[arg(long, env = "PRODUCER_URL", value_name = "URL", global = true, help_heading = HEADING)]
    pub producer_url: Option<String>,
    /// Where the consumer is [default: http://127.0.0.1:8072 + port offset]
    #[arg(long, env = "CONSUMER_URL", value_name = "URL", global = true, help_heading = HEADING)]
    pub consumer_url: Option<String>,
    /// Where the seer is [default: http://127.0.0.1:8030 + port offset]
    #[arg(long, env = "SEER_URL", value_name = "URL", global = true, help_heading = HEADING)]
    pub seer_url: Option<String>,
    /// Token that the services ask for, when they do
    #[arg(long, env = "API_TOKEN", value_name = "TOKEN", hide_env_values = true, global = true, help_heading = HEADING)]
    pub token: Option<Secret>,
    /// File that holds the token instead
    #[arg(long, env = "API_TOKEN_FILE", value_name = "FILE", global = true, help_heading = HEADING)]
    pub token_file: Option<PathBuf>,
    /// File with certificates (PEM) of authorities to trust beside the system's; the default addresses are https then
    #[arg(long, env = "TLS_CA_FILE", value_name = "FILE", global = true, help_heading = HEADING)]
    pub ca_file: Option<PathBuf>,
    /// Kafka's bootstrap servers, `host:port[,host:port…]` [default: 127.0.0.1:9092 + port offset]
    #[arg(long, env = "KAFKA_BROKER", value_name = "SERVERS", global = true, help_heading = HEADING)]
    pub kafka_broker: Option<String>,
    /// Added to every default port, so that several stacks run side by side
    #[arg(
        long,
        env = "KAFKLOUD_PORT_OFFSET",
        value_name = "N",
        default_value_t = 0,
        value_parser = clap::value_parser!(u16).range(..=i64::from(u16::MAX - contract::port::STREAMER)),
        global = true,
        help_heading = HEADING
    )]
    pub port_offset: u16,
}

const HEADING: &str = "Options of every command";

/// What a command gets beside its own arguments.
pub(crate) struct Context {
    pub(crate) global: GlobalArgs,
    pub(crate) endpoints: Endpoints,
    pub(crate) output: Output,
}

impl Context {
    pub(crate) fn new(global: GlobalArgs) -> Result<Self, Failure> {
        Ok(Self {
            endpoints: Endpoints::new(&global)?,
            output: Output::new(&global),
            global,
        })
    }
}

fn after_help() -> String {
    format!(
        "\
Examples:
  kafkloud up
  kafkloud produce orders '{{\"order\": 42}}' --key 42 --wait
  kafkloud produce orders --file orders.ndjson --key-field order
  kafkloud tail orders --from earliest
  kafkloud status 0198c0de-0000-7000-8000-000000000000
  kafkloud teach 'The Wilymajinkas are a tribe of northeastern Native Pandorians.' --wait
  kafkloud ask 'Do you know anything about the Wilymajinkas?'

{EXIT_CODES}"
    )
}

/// Examples under each command's `--help`.
mod help {
    pub(super) const UP: &str = "\
Examples:
  kafkloud up
  kafkloud up --port-offset 20000 --data-dir /tmp/second    a second stack beside the first
  kafkloud up --kafka-broker kafka.example:9092             an existing Kafka, no streamer
  kafkloud up --host 0.0.0.0                                for the network too, by a token

Every service also reads its own variables; `producer --help` and the like list them.
Ctrl-C ends everything within 5 seconds, a second one at once. Exit code 0: ended as asked;
1: a part failed, the reason is said.";

    pub(super) const PRODUCE: &str = "\
Examples:
  kafkloud produce orders '{\"order\": 42}' --key 42
  kafkloud produce orders 'hello' --wait              until it is consumed
  kafkloud produce orders 'hello' --wait --stage indexed
  journalctl -f -o json | kafkloud produce journal    one message a line, as they come
  kafkloud produce orders --file orders.ndjson --key-field customer.id
  kafkloud produce orders --file notes.txt            every line as it is

Exit codes: 0 all acknowledged; 1 some failed; 2 usage; 3 the producer cannot be reached;
4 with --wait: acknowledged, but not all consumed (or indexed) in time.";

    pub(super) const TAIL: &str = "\
Examples:
  kafkloud tail                                   everything new, on all user topics
  kafkloud tail orders --from earliest --count 10
  kafkloud tail orders --from 15m --format value
  kafkloud tail orders --json | jq .value
  kafkloud tail orders --where '.value.total > 100'
  kafkloud tail --text refund --from 1h

Exit codes: 0 ended by --count or Ctrl-C; 2 usage, also an expression that is none; 3 the consumer
cannot be reached.";

    pub(super) const MESSAGES: &str = "\
Examples:
  kafkloud messages --topic orders --limit 5          the newest five
  kafkloud messages --topic orders --from 15m --where '.value.total > 100'
  kafkloud messages --text refund --from 2026-01-31T09:30:00Z --until 2026-01-31T10:00:00Z
  kafkloud messages --key 42 --oldest --json | jq .value

Exit codes: 0 something was found; 2 usage, also an expression that is none; 3 the consumer
cannot be reached; 4 nothing was found, or no such topic.";

    pub(super) const LIFE: &str = "\
Examples:
  kafkloud life 0198c0de-0000-7000-8000-000000000000    where it spent its time
  kafkloud life --stuck                                 not indexed a minute after it was sent
  kafkloud life --stuck --after 5m --reached consumed --topic orders
  kafkloud life --failed --since 1h --json | jq -r .id

Exit codes: 0 shown; 2 usage; 3 the consumer cannot be reached; 4 unknown, or no message is like
that.";

    pub(super) const TOP: &str = "\
Examples:
  kafkloud top
  kafkloud top --interval 5s
  kafkloud top --port-offset 20000                  a second stack beside the first
  NO_COLOR=1 kafkloud top

Keys: Tab goes from view to view, Enter drills in, Esc goes back, ? shows all keys, q quits.
Exit codes: 0 ended by q, Ctrl-C or SIGTERM; 1 the terminal failed; 2 usage, or this is no
terminal: programs ask `kafkloud status --json` and `kafkloud topics list --json`.";

    pub(super) const STATUS: &str = "\
Examples:
  kafkloud status
  kafkloud status 0198c0de-0000-7000-8000-000000000000
  kafkloud status 0198c0de-0000-7000-8000-000000000000 --wait 30
  kafkloud status 0198c0de-0000-7000-8000-000000000000 --wait --stage indexed

Exit codes: 0 consumed (or indexed, with --stage); 1 dead-lettered, or the seer cannot index it;
3 the consumer cannot be reached; 4 unknown or not there yet.";

    pub(super) const ASK: &str = "\
Examples:
  kafkloud ask 'Do you know anything about the Wilymajinkas?'
  kafkloud ask 'Which orders were paid?' --topic orders --since 1h
  kafkloud ask \"Why isn't order 42 done?\"
  kafkloud ask 'And when?' --conversation 0198c0de-0000-7000-8000-000000000000
  kafkloud ask 'What failed in the last hour?' --json | jq .citations

Exit codes: 0 answered; 1 failed; 2 usage; 3 the seer cannot be reached or is not ready; 4 no
message carries an answer.";

    pub(super) const SEARCH: &str = "\
Examples:
  kafkloud search 'espresso beans'
  kafkloud search 'E-4711' --mode sparse --topic errors --top-k 20
  kafkloud search 'coffee' --json | jq .hits[].text

Exit codes: 0 something was found; 1 failed; 2 usage; 3 the seer cannot be reached or is not
ready; 4 nothing was found.";

    pub(super) const TEACH: &str = "\
Examples:
  kafkloud teach 'The Wilymajinkas are a tribe of northeastern Native Pandorians.'
  kafkloud teach 'Our office is closed on Mondays.' --wait    until it can be asked about
  kafkloud teach - < statement.txt

Exit codes: 0 in the log (with --wait: indexed); 1 refused; 2 usage; 3 the seer cannot be
reached; 4 with --wait: in the log, but not indexed in time.";

    pub(super) const LOAD: &str = "\
Examples:
  kafkloud load handbook.pdf notes.md
  kafkloud load *.csv --wait 60    until all of it can be asked about

Files: txt, md, json, ndjson, csv, html, pdf. A file that cannot be loaded is named, the others go on.
Exit codes: 0 all loaded; 1 some were not; 2 usage; 3 the seer cannot be reached; 4 with --wait:
loaded, but not indexed in time.";

    pub(super) const REINDEX: &str = "\
Examples:
  kafkloud reindex
  kafkloud reindex --no-wait && kafkloud reindex    begin; look in again later

Answers come from the index as it is until the new one is complete. It is needed when the
embedding model has changed. Exit codes: 0 complete (with --no-wait: begun); 1 given up, the
reason is said; 3 the seer cannot be reached.";

    pub(super) const TOPICS: &str = "\
Examples:
  kafkloud topics list
  kafkloud topics create orders --partitions 4 --config retention.ms=86400000
  kafkloud topics describe orders
  kafkloud topics delete orders

Exit codes: 0 done; 1 refused by Kafka; 2 usage; 3 Kafka cannot be reached; 4 no such topic.";

    pub(super) const GROUPS: &str = "\
Examples:
  kafkloud groups list
  kafkloud groups describe shop
  kafkloud groups reset shop --to earliest --dry-run       what would move
  kafkloud groups reset shop --to 15m --topic orders       shows it, then asks
  kafkloud groups delete shop --yes

Exit codes: 0 done; 1 refused, such as for a group that has members; 2 usage; 3 the consumer or
Kafka cannot be reached; 4 no such group, topic or partition.";

    pub(super) const DEMO: &str = "\
Examples:
  kafkloud demo --file examples/package-events.ndjson
  kafkloud demo --file notes.txt --topic notes

Uses the stack that runs; if none answers, it starts one in a temporary folder on free ports.
Exit codes: 0 acked = consumed, none missing, none twice; 1 otherwise.";

    pub(super) const COMPLETIONS: &str = "\
Examples:
  kafkloud completions bash > ~/.local/share/bash-completion/completions/kafkloud
  kafkloud completions zsh > ~/.zfunc/_kafkloud
  kafkloud completions fish > ~/.config/fish/completions/kafkloud.fish";
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
