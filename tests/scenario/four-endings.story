# How an offer ended is told apart, and each ending is followed up in its own way.
queue billing needs billing>=JUNIOR timeout 15s misses 2 missed signout rest 4s
agent ana billing=SENIOR

# The device is busy: passed over for ten seconds, but she is the only one there, so for five.
signin ana
contact c1 billing phone
unreachable ana c1
why c1
advance 5s
----
ana signed in
c1 queued billing headstart=0s
c1 offered ana deadline=15s
c1 offer revoked ana misses=0 (busy)
c1 waits: 1 agent could take it, passed over for a while
c1 and ana: missed, declined or passed it on a moment ago; asked again, as nobody else on duty may take it (opens in 5s);
c1 offered ana deadline=15s (asked again)

# She declines: the same. She misses two in a row: signed out, as this queue says.
decline ana c1
advance 5s
advance 15s
advance 5s
advance 15s
----
c1 offer declined ana misses=0
c1 offered ana deadline=15s (asked again)
c1 offer lapsed ana misses=1
c1 offered ana deadline=15s (asked again)
c1 offer lapsed ana misses=2
ana signed out (missed)

# She goes herself: nobody's miss.
signin ana
away ana
----
ana signed in
ana AWAY (break)

# The customer goes while her desk rings: she rests for a moment.
back ana
advance 5s
leave c1
contact c2 billing phone
why c2
advance 4s
----
ana AVAILABLE
c1 offered ana deadline=15s (asked again)
c1 offer revoked ana misses=0 (customer_left)
ana rests for 4s
c1 ended abandoned
c2 queued billing headstart=0s
c2 waits: 1 agent could take it, resting for a moment
c2 and ana: rests for a moment, as a customer left during its offer (opens in 4s);
c2 offered ana deadline=15s
