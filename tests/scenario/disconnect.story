# A broken connection keeps the contacts for the grace period; after it they return to their place.
queue billing needs billing>=JUNIOR timeout 15s
queue orders needs orders>=JUNIOR strategy most_skilled timeout 15s
agent ana billing=SENIOR orders=JUNIOR
agent bo orders=EXPERT

signin bo
contact c1 orders
accept bo c1
lost bo
advance 20s
found bo
----
bo signed in
c1 queued orders headstart=0s
c1 offered bo deadline=15s
c1 accepted bo
bo lost its connection, grace=30s
bo is connected again

lost bo
advance 30s
----
bo lost its connection, grace=30s
c1 back in line from bo (agent_lost)
bo signed out (lost)

signin ana
----
ana signed in
c1 offered ana deadline=15s
