# Turns the log of Debian's package manager into one JSON event a line:
#
#   awk -f examples/dpkg-log-to-ndjson.awk /var/log/dpkg.log > package-events.ndjson
#   kafkloud produce packages --file package-events.ndjson --key-field package
#
# The lines of the log, as dpkg(1) describes them under --log:
#   <date> <time> startup <type> <command>
#   <date> <time> status <state> <package> <installed-version>
#   <date> <time> <action> <package> <installed-version> <available-version>
#   <date> <time> conffile <file name> <decision>
# where <action> is install, upgrade, configure, trigproc, disappear, remove or purge. A
# <package> may end in ":<architecture>", and "<none>" stands for a version that is not there.
# Times are the machine's local time, so "at" has no zone. Other lines are left out and counted
# on standard error.

function json_string(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

function json_version(version) {
    return version == "<none>" || version == "" ? "null" : json_string(version)
}

function begin_event(action) {
    return "{\"at\":" json_string($1 "T" $2) ",\"action\":" json_string(action)
}

function package_members(name,    colon) {
    colon = index(name, ":")
    if (colon == 0)
        return ",\"package\":" json_string(name) ",\"arch\":null"
    return ",\"package\":" json_string(substr(name, 1, colon - 1)) \
        ",\"arch\":" json_string(substr(name, colon + 1))
}

$1 !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$/ || $2 !~ /^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]$/ {
    left_out++
    next
}

$3 == "startup" && NF == 5 {
    print begin_event("startup") ",\"type\":" json_string($4) ",\"command\":" json_string($5) "}"
    next
}

$3 == "status" && NF >= 5 {
    print begin_event("status") ",\"state\":" json_string($4) package_members($5) \
        ",\"version\":" json_version($6) "}"
    next
}

$3 == "conffile" && NF >= 5 {
    print begin_event("conffile") ",\"file\":" json_string($4) ",\"decision\":" json_string($5) "}"
    next
}

$3 ~ /^(install|upgrade|configure|trigproc|disappear|remove|purge)$/ && NF >= 5 {
    print begin_event($3) package_members($4) ",\"version_from\":" json_version($5) \
        ",\"version_to\":" json_version($6) "}"
    next
}

{ left_out++ }

END {
    if (left_out > 0)
        print left_out " lines are no events and were left out" > "/dev/stderr"
}
