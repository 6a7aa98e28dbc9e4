# A question goes to who can answer it, and why it waits can be told for every agent.
queue billing needs billing>=JUNIOR timeout 15s
queue orders needs orders>=JUNIOR strategy most_skilled timeout 15s
agent ana billing=SENIOR orders=JUNIOR
agent bo orders=EXPERT

signin bo
contact bill billing
----
bo signed in
bill queued billing headstart=0s

why bill
----
bill waits: 1 agent could take it, offline
bill and ana: is OFFLINE;
bill and bo: needs billing >= JUNIOR, has NONE;

signin ana
----
ana signed in
bill offered ana deadline=15s

contact hard billing needs billing>=EXPERT
why hard
----
hard queued billing headstart=0s
hard waits: no agent may take it as things stand
hard and ana: needs billing >= EXPERT, has SENIOR;
hard and bo: needs billing >= EXPERT, has NONE;
