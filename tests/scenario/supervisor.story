# A supervisor gives a waiting contact to one agent, skills or not, and takes one back into the line.
queue billing needs billing>=JUNIOR timeout 15s
queue orders needs orders>=JUNIOR strategy most_skilled timeout 15s
agent ana billing=SENIOR orders=JUNIOR
agent bo orders=EXPERT

signin bo
contact c1 billing
assign c1 bo
----
bo signed in
c1 queued billing headstart=0s
c1 reserved for bo for 60s
c1 offered bo deadline=15s (reserved)

accept bo c1
requeue c1
----
c1 accepted bo
c1 back in line from bo (supervisor)

signin ana
----
ana signed in
c1 offered ana deadline=15s
