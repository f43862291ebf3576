console.log('uring-actor: the main job goes here')
