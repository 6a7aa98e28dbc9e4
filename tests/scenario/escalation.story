# Three levels, each with its time limit: sooner, then to the senior team, then a supervisor is called.
queue orders needs orders>=JUNIOR timeout 15s escalate waited=1m headstart=10m escalate waited=2m to=seniors
queue seniors needs orders>=SENIOR timeout 15s escalate waited=1m call
agent bo orders=EXPERT

contact c1 orders
advance 1m
----
c1 queued orders headstart=0s
c1 raised to level 1 (waited 1 min)

advance 1m
----
c1 raised to level 2 (waited 2 min), goes on in seniors

advance 1m
----
c1 raised to level 1 (waited 1 min), a supervisor is called

seen c1
signin bo
accept bo c1
----
c1 moved in line
bo signed in
c1 offered bo deadline=15s
c1 accepted bo
