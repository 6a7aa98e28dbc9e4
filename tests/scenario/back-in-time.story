# A caller who drops and comes back takes the old place.
queue orders needs orders>=JUNIOR timeout 15s
agent bo orders=EXPERT

contact c1 orders phone
advance 30s
contact c2 orders phone
leave c1
advance 20s
contact c3 orders phone returns c1
signin bo
----
c1 queued orders headstart=0s
c2 queued orders headstart=0s
c1 ended abandoned
c3 queued orders headstart=50s in the place of c1
bo signed in
c3 offered bo deadline=15s
