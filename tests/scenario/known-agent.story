# Who knows the customer is asked first, and waited for only while that is worth it.
queue orders needs orders>=JUNIOR timeout 15s strategy longest_idle known 90s 60s
agent ana orders=JUNIOR
agent bo orders=EXPERT

signin ana
advance 1m
signin bo
contact c1 orders phone knows last=bo
----
ana signed in
bo signed in
c1 queued orders headstart=0s
c1 reserved for bo for 90s (last)
c1 offered bo deadline=15s (reserved)

# Three minutes for bo are too long when ana is free.
accept bo c1
contact c2 orders phone knows last=bo
----
c1 accepted bo
c2 queued orders headstart=0s
c2 offered ana deadline=15s

# Bo is nearly done: that is worth the wait, though ana is done sooner.
accept ana c2
advance 160s
contact c3 orders phone knows last=bo
complete ana c2
----
c2 accepted ana
c3 queued orders headstart=0s
c3 reserved for bo for 90s (last)
c2 ended completed

# Bo wants a break after this call: nobody waits for that.
away bo
----
c3 no longer reserved (agent_away)
bo will be AWAY (break)
c3 offered ana deadline=15s

# First asked, first responsible; but not while away, and then the next known one is looked for.
accept ana c3
complete ana c3
contact c4 orders webchat knows owner=bo,last=ana
----
c3 accepted ana
c3 ended completed
c4 queued orders headstart=0s
c4 reserved for ana for 90s (last)
c4 offered ana deadline=15s (reserved)
