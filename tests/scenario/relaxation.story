# What a queue asks for loosens on one clock, which an unanswered offer does not restart.
queue support needs support>=EXPERT relax 30s support>=SENIOR relax 60s nothing timeout 27s
agent ana support=SENIOR
agent bo billing=JUNIOR

signin ana
signin bo
contact c1 support
advance 29s
----
ana signed in
bo signed in
c1 queued support headstart=0s

advance 1s
----
c1 now asks for support >= SENIOR
c1 offered ana deadline=27s

advance 27s
----
c1 offer lapsed ana misses=1

advance 3s
----
c1 now asks for nothing
c1 offered bo deadline=27s
