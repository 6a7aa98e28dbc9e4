# A question goes to who can answer it, and why it waits can be told for every agent.
queue billing needs billing>=JUNIOR timeout 15s
queue orders needs orders>=JUNIOR strategy most_skilled timeout 15s
agent ana billing=SENIOR orders=JUNIOR
agent bo orders=EXPERT
agent cy billing=EXPERT

signin bo
contact bill billing
----
bo signed in
bill queued billing headstart=0s

why bill
----
bill waits: 2 agents could take it, all offline
bill and ana: is OFFLINE;
bill and bo: needs billing >= JUNIOR, has NONE;
bill and cy: is OFFLINE;

signin ana
----
ana signed in
bill offered ana deadline=15s

contact hard billing needs billing>=EXPERT
why hard
----
hard queued billing headstart=0s
hard waits: 1 agent could take it, offline
hard and ana: needs billing >= EXPERT, has SENIOR;
hard and bo: needs billing >= EXPERT, has NONE;
hard and cy: is OFFLINE;

# What nobody at all could ever give is refused at once, and does not wait for ever.
refused contact harder billing needs orders>=EXPERT
----
refused: nobody could ever serve it in queue "billing": it asks for billing >= JUNIOR, orders >= EXPERT, and nobody there has all of it; ask for less, or choose another queue
