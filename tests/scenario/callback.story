# A customer need not hold: the place is kept, at its turn or at a time, and not being reached is not the end.
queue billing needs billing>=JUNIOR callbacks timeout 30s
agent ana billing=JUNIOR

contact c1 billing phone
contact c2 billing phone
callback c1
callback c2 20m
refused callback c1 8000000s
signin ana
----
c1 queued billing headstart=0s
c2 queued billing headstart=0s
c1 keeps its place (callback), to be called back
c2 is put off by 1200s (callback), to be called back
refused: the time is more than 90 days ahead
ana signed in
c1 offered ana deadline=30s

accept ana c1
notreached ana c1
----
c1 accepted ana
c1 is put off by 600s (not_reached), to be called back

advance 10m
accept ana c1
complete ana c1
----
c1 is due
c1 offered ana deadline=30s
c1 accepted ana
c1 ended completed

advance 10m
accept ana c2
putoff ana c2 30m
----
c2 is due
c2 offered ana deadline=30s
c2 accepted ana
c2 is put off by 1800s (agent), to be called back

later c3 billing 5m
advance 5m
accept ana c3
complete ana c3
advance 25m
----
c3 queued billing headstart=0s
c3 is put off by 300s (created)
c3 is due
c3 offered ana deadline=30s
c3 accepted ana
c3 ended completed
c2 is due
c2 offered ana deadline=30s (reserved)
