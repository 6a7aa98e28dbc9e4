# By earliest deadline: a reply window that closes soon goes first; one that closes tomorrow waits two minutes at most
# behind those who came later.
queue replies needs orders>=JUNIOR timeout 15s deadlines 30s
agent bo orders=EXPERT

contact tomorrow replies phone within 1440m
contact plain replies phone
contact soon replies phone within 5s
advance 1m
contact newcomer replies phone
signin bo
----
tomorrow queued replies headstart=-120s
plain queued replies headstart=0s
soon queued replies headstart=25s
newcomer queued replies headstart=0s
bo signed in
soon offered bo deadline=15s
bo keeps room for plain

accept bo soon
complete bo soon
----
soon accepted bo
soon ended completed
plain offered bo deadline=15s
bo keeps no more room for plain (served)
bo keeps room for tomorrow

accept bo plain
complete bo plain
----
plain accepted bo
plain ended completed
newcomer offered bo deadline=15s

accept bo newcomer
advance 61s
contact too-late replies phone
complete bo newcomer
----
newcomer accepted bo
too-late queued replies headstart=0s
newcomer ended completed
tomorrow offered bo deadline=15s
bo keeps no more room for tomorrow (served)
