# One of the seniors is kept for gold customers, as long as these are expected.
queue billing needs billing>=JUNIOR keeps 1 SENIOR:gold
agent ana billing=SENIOR
agent bo billing=SENIOR
agent cy billing=JUNIOR

signin ana
signin bo
contact first billing phone
contact second billing phone
why second
contact gold billing phone vip gold
----
ana signed in
bo signed in
first queued billing headstart=0s
first offered ana deadline=20s
second queued billing headstart=0s
second waits: 3 agents could take it: 1 at capacity, 1 held back for others, 1 offline
second and bo: 1 of 1 with room are kept for gold;
second and cy: is OFFLINE;
second and ana: capacity 100/100, cost 100; holds 1 of at most 1 phone;
gold queued billing headstart=180s
gold offered bo deadline=20s

# A junior is nobody's reserve.
signin cy
----
cy signed in
second offered cy deadline=20s

# Both seniors are free again, so one of them may take anybody's call.
accept ana first
accept bo gold
contact third billing phone
complete ana first
complete bo gold
----
first accepted ana
gold accepted bo
third queued billing headstart=0s
first ended completed
gold ended completed
third offered ana deadline=20s
