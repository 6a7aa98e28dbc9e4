# Wrap-up is the agent's, whatever queue the next contact is in. Sales gives 30s and up to two times 20s more, but never
# over 60s; claims waits until the agent says so; support lets people wrap up beside the next conversation.
queue sales wrapup 30s extensions 2 20s wrapupmax 60s
queue claims until_done
queue support optional 40s
agent ana capacity 25
agent bo capacity 25 wrapup 90s

signin ana
contact s1 sales
accept ana s1
complete ana s1
contact c1 claims
why c1
----
ana signed in
s1 queued sales headstart=0s
s1 offered ana deadline=20s
s1 accepted ana
s1 wrapped up by ana for 30s
c1 queued claims headstart=0s
c1 waits: 2 agents could take it: 1 at capacity, 1 offline
c1 and bo: is OFFLINE;
c1 and ana: capacity 25/25, cost 25; holds 1 of at most 1 webchat;

# More time, but no more than the queue allows.
extend ana s1
extend ana s1
extend ana s1
advance 59s
----
s1 wrap-up extended (1) for 50s
s1 wrap-up extended (2) for 60s
refused: queue "sales" gives no more time: wrap-up of contacts/1 has had all its extensions

advance 1s
----
s1 ended completed
c1 offered ana deadline=20s

# Until she says so.
accept ana c1
complete ana c1
refused extend ana c1
advance 10m
contact p1 support
----
c1 accepted ana
c1 wrapped up by ana until done
refused: queue "claims" gives no more time: wrap-up of contacts/2 lasts until it is finished
p1 queued support headstart=0s

done ana c1
accept ana p1
complete ana p1
contact p2 support
----
c1 ended completed
p1 offered ana deadline=20s
p1 accepted ana
p1 wrapped up by ana for 40s, free for more
p2 queued support headstart=0s
p2 offered ana deadline=20s

# Bo's own 90s count for less than the queue's cap.
signin bo
contact s2 sales
accept bo s2
complete bo s2
advance 40s
----
bo signed in
s2 queued sales headstart=0s
s2 offered bo deadline=20s
s2 accepted bo
s2 wrapped up by bo for 60s
p2 offer lapsed ana misses=1
p1 ended completed

advance 20s
----
p2 offered ana deadline=20s
s2 ended completed
