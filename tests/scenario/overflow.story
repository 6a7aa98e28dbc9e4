# Too many wait, too long, or nobody is there: the contact goes where it can be served, at the place it came with.
queue billing needs billing>=JUNIOR overflow waiting>1 queue:general overflow waited>5m queue:general waitmax 20m
queue general timeout 15s max 3
agent bo

contact c1 billing
contact c2 billing
contact c3 billing
----
c1 queued billing headstart=0s
c2 queued billing headstart=0s
c3 queued billing headstart=0s
c3 more than 1 waiting: goes on in general

advance 5m
----
c1 waited 5 min: goes on in general
c2 waited 5 min: goes on in general

contact c4 billing
signin bo
----
c4 queued billing headstart=0s
bo signed in
c1 offered bo deadline=15s
c2 offered bo deadline=15s
c3 offered bo deadline=15s

advance 5m
----
c1 offer lapsed bo misses=1
c2 offer lapsed bo misses=2
c3 offer revoked bo misses=2 (agent_away)
bo AWAY (missed)
c4 waited 5 min, but queue general is full

advance 15m
----
c4 ended expired
