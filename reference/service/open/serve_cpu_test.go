package open
