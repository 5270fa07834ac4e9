$anchors
